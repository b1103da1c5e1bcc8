import type { Schema } from '../api/schema/schema.ts';
import type { Tree } from '../api/types.ts';

/**
 * The kinds of Knative and KEDA that we use, with the part of their schemas that our manifests need. What their webhooks
 * reject beyond the published schemas, the schema here rejects.
 */

const open: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const text: Schema = { type: 'string' };
const integer: Schema = { type: 'integer' };
const texts: Schema = { type: 'object', additionalProperties: text };
const list = (items: Schema): Schema => ({ type: 'array', items });
const object = (properties: Record<string, Schema>, ...required: string[]): Schema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
});

const destination = object({
  ref: object({ apiVersion: text, kind: text, name: text, namespace: text }, 'kind', 'name'),
  uri: text,
  CACerts: text,
  audience: text,
});
const delivery = object({
  retry: { type: 'integer', minimum: 0 },
  backoffPolicy: { type: 'string', enum: ['linear', 'exponential'] },
  backoffDelay: { type: 'string', pattern: '^P' },
  timeout: { type: 'string', pattern: '^P' },
  retryAfterMax: { type: 'string', pattern: '^P' },
  deadLetterSink: destination,
});
const ceOverrides = object({ extensions: texts });

/** A filter has one dialect. */
const filter = (depth: number): Schema => ({
  ...object({
    exact: texts,
    prefix: texts,
    suffix: texts,
    cesql: text,
    ...(depth > 0 && { all: list(filter(depth - 1)), any: list(filter(depth - 1)), not: filter(depth - 1) }),
  }),
  maxProperties: 1,
});

const subject = object(
  { apiVersion: text, kind: text, namespace: text, name: text, selector: open },
  'apiVersion',
  'kind',
);

type Row = [
  apiVersion: string,
  kind: string,
  spec: Schema,
  settings?: { short?: string; categories?: string[] },
];

const ROWS: readonly Row[] = [
  [
    'eventing.knative.dev/v1',
    'Broker',
    object({ config: open, delivery }),
    { categories: ['all', 'knative', 'eventing'] },
  ],
  [
    'eventing.knative.dev/v1',
    'Trigger',
    {
      ...object(
        {
          broker: text,
          filter: object({ attributes: texts }),
          filters: list(filter(3)),
          subscriber: destination,
          delivery,
        },
        'broker',
        'subscriber',
      ),
      'x-kubernetes-validations': [{ rule: 'self.broker == oldSelf.broker', message: 'broker is immutable' }],
    },
    { categories: ['all', 'knative', 'eventing'] },
  ],
  [
    'sources.knative.dev/v1',
    'SinkBinding',
    object({ subject, sink: destination, ceOverrides }, 'subject', 'sink'),
    { categories: ['all', 'knative', 'sources', 'bindings'] },
  ],
  [
    'sources.knative.dev/v1',
    'ContainerSource',
    object({ template: open, sink: destination, ceOverrides }, 'template', 'sink'),
    { categories: ['all', 'knative', 'sources'] },
  ],
  [
    'serving.knative.dev/v1',
    'Service',
    object({
      template: object({
        metadata: open,
        spec: {
          ...open,
          properties: {
            containerConcurrency: { ...integer, minimum: 0, maximum: 1000 },
            timeoutSeconds: { ...integer, minimum: 1, maximum: 600 },
          },
        },
      }),
      traffic: list(open),
    }),
    { short: 'kservice,ksvc', categories: ['all', 'knative', 'serving'] },
  ],
  [
    'keda.sh/v1alpha1',
    'ScaledObject',
    object(
      {
        scaleTargetRef: object(
          { apiVersion: text, kind: text, name: text, envSourceContainerName: text },
          'name',
        ),
        pollingInterval: integer,
        cooldownPeriod: integer,
        initialCooldownPeriod: integer,
        idleReplicaCount: integer,
        minReplicaCount: integer,
        maxReplicaCount: integer,
        advanced: open,
        fallback: open,
        triggers: list(
          object(
            {
              type: text,
              name: text,
              metadata: texts,
              metricType: text,
              useCachedMetrics: { type: 'boolean' },
              authenticationRef: open,
            },
            'type',
            'metadata',
          ),
        ),
      },
      'scaleTargetRef',
      'triggers',
    ),
    { short: 'so', categories: ['keda'] },
  ],
];

const COLUMNS = [
  { name: 'URL', type: 'string', jsonPath: '.status.address.url' },
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

export const KNATIVE_CRDS: readonly Tree[] = ROWS.map(
  ([apiVersion, kind, spec, { short, categories } = {}]) => {
    const [group = '', version = ''] = apiVersion.split('/');
    const plural = `${kind.toLowerCase()}s`;
    const versions = [
      {
        name: version,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: COLUMNS,
        schema: { openAPIV3Schema: object({ spec, status: open }) },
      },
    ];
    const names = {
      kind,
      plural,
      singular: kind.toLowerCase(),
      ...(short && { shortNames: short.split(',') }),
      ...(categories && { categories }),
    };
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: { group, scope: 'Namespaced', names, versions },
    };
  },
);
