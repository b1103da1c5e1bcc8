import { at, type KubeObject, same, type Tree } from '../api/types.ts';
import type { Client } from '../client/client.ts';
import { RESOURCES } from '../client/resources.ts';
import { writeStatus } from './conditions.ts';
import { type Destination, resolveDestination } from './destination.ts';

interface Spec {
  readonly subject: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name?: string;
    readonly selector?: { readonly matchLabels?: Record<string, string> };
  };
  readonly sink: Destination;
  readonly ceOverrides?: Tree;
}

interface EnvVar {
  readonly name: string;
}

interface ContainerList {
  readonly containers: readonly (Tree & { name: string; env?: readonly EnvVar[] })[];
}

const FINALIZER = 'sinkbindings.sources.knative.dev';
const INJECTED = ['K_SINK', 'K_CE_OVERRIDES'];

/** Writes the sink's address into every container of the subject, and removes it when the binding is deleted. */
export async function reconcileSinkBinding(client: Client, binding: KubeObject): Promise<void> {
  const { metadata } = binding;
  const { namespace = '', deletionTimestamp, finalizers = [] } = metadata;
  const { subject, sink, ceOverrides } = binding.spec as Spec;
  const subjects = await findSubjects(client, namespace, subject);
  if (deletionTimestamp) {
    if (!finalizers.includes(FINALIZER)) return;
    for (const one of subjects) await inject(client, subject, one, []);
    await setFinalizers(
      client,
      binding,
      finalizers.filter((one) => one !== FINALIZER),
    );
    return;
  }
  if (!finalizers.includes(FINALIZER)) return setFinalizers(client, binding, [...finalizers, FINALIZER]);

  const found = await resolveDestination(client, sink, namespace);
  if (!('url' in found)) {
    const message = 'Addressable could not be extracted from destination';
    const findings = { SinkProvided: found, BindingAvailable: { reason: 'NoAddressable', message } };
    await writeStatus(client, RESOURCES.sinkBindings, binding, findings, { sinkUri: null });
    return;
  }
  const variables = [
    { name: 'K_SINK', value: found.url },
    { name: 'K_CE_OVERRIDES', value: ceOverrides ? JSON.stringify(ceOverrides) : '' },
  ];
  for (const one of subjects) await inject(client, subject, one, variables);
  const missing = { reason: 'SubjectMissing', message: `no ${subject.kind} to bind`, unknown: true };
  const findings = { SinkProvided: true as const, BindingAvailable: subjects.length > 0 || missing };
  await writeStatus(client, RESOURCES.sinkBindings, binding, findings, { sinkUri: found.url });
}

const resourceOf = ({ apiVersion, kind }: Spec['subject']) => ({
  apiVersion,
  kind,
  plural: `${kind.toLowerCase()}s`,
});

async function findSubjects(
  client: Client,
  namespace: string,
  subject: Spec['subject'],
): Promise<KubeObject[]> {
  const resource = resourceOf(subject);
  if (subject.name) {
    const found = await client.get(resource, namespace, subject.name);
    return found ? [found] : [];
  }
  const labels = Object.entries(subject.selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const { items } = await client.list(resource, namespace, { labelSelector: labels.join(',') });
  return items;
}

async function inject(
  client: Client,
  subject: Spec['subject'],
  object: KubeObject,
  variables: readonly EnvVar[],
): Promise<void> {
  const template = at(object, 'spec', 'template', 'spec') as ContainerList;
  const containers = template.containers.map((container) => {
    const others = (container.env ?? []).filter(({ name }) => !INJECTED.includes(name));
    return { ...container, env: [...others, ...variables] };
  });
  if (
    same(
      containers,
      template.containers.map((container) => ({ ...container, env: container.env ?? [] })),
    )
  )
    return;
  const { namespace = '', name, resourceVersion } = object.metadata;
  // With the version that was read, so that a concurrent change of the template is not overwritten.
  const patch = { metadata: { resourceVersion }, spec: { template: { spec: { containers } } } };
  await client.patch(resourceOf(subject), namespace, name, 'merge', patch);
}

async function setFinalizers(
  client: Client,
  { metadata }: KubeObject,
  finalizers: readonly string[],
): Promise<void> {
  const patch = { metadata: { finalizers, resourceVersion: metadata.resourceVersion } };
  await client.patch(RESOURCES.sinkBindings, metadata.namespace!, metadata.name, 'merge', patch);
}
