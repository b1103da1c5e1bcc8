import * as z from 'zod/mini';
import { SOURCE_EVENTS } from './event-types.ts';
import { GROUP, KIND, PLURAL, VERSION } from './names.ts';
import { specSchema } from './spec.ts';
import { statusSchema } from './status-schema.ts';

type Schema = Record<string, unknown>;

/** The CustomResourceDefinition of `MnsOssSource`, with the conventions of Knative's sources. */
export function customResourceDefinition(): Schema {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${PLURAL}.${GROUP}`,
      labels: {
        'app.kubernetes.io/name': 'mnsoss-controller',
        'app.kubernetes.io/part-of': 'mnsoss-face',
        'duck.knative.dev/source': 'true',
        'eventing.knative.dev/source': 'true',
        'knative.dev/crd-install': 'true',
      },
      annotations: { 'registry.knative.dev/eventTypes': `${JSON.stringify(SOURCE_EVENTS, undefined, 2)}\n` },
    },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        singular: KIND.toLowerCase(),
        plural: PLURAL,
        shortNames: ['mnsoss'],
        categories: ['all', 'knative', 'sources'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.consumers',
              statusReplicasPath: '.status.consumers',
              labelSelectorPath: '.status.selector',
            },
          },
          additionalPrinterColumns: COLUMNS,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description:
                'Sends the changes of objects in an OSS bucket, published through MNS, to a sink as CloudEvents.',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: structural(specSchema),
                status: {
                  ...structural(statusSchema),
                  description: 'Observed state, and resources that were created.',
                },
              },
            },
          },
        },
      ],
    },
  };
}

const ready = (field: string) => `.status.conditions[?(@.type=="Ready")].${field}`;

const COLUMNS = [
  { name: 'Sink', type: 'string', jsonPath: '.status.sinkUri' },
  { name: 'Ready', type: 'string', jsonPath: ready('status') },
  { name: 'Reason', type: 'string', jsonPath: ready('reason') },
  { name: 'Topic', type: 'string', jsonPath: '.spec.topic', priority: 1 },
  { name: 'Queue', type: 'string', jsonPath: '.status.queue', priority: 1 },
  { name: 'Consumers', type: 'integer', jsonPath: '.status.consumers', priority: 1 },
  { name: 'Message', type: 'string', jsonPath: ready('message'), priority: 1 },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

/** As a structural schema: without types inside alternatives. Unknown fields are pruned. */
function structural(schema: z.ZodMiniType): Schema {
  return z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    override({ jsonSchema }) {
      const node = jsonSchema as Schema;
      if (node['x-kubernetes-int-or-string']) node.anyOf = [{ type: 'integer' }, { type: 'string' }];
      // Strings that only must not be empty have no useful upper bound.
      if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
      if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
    },
  }) as Schema;
}
