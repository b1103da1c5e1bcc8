import { isDeepStrictEqual } from 'node:util';
import type { ControllerDeps } from '../deps.ts';
import type { Made } from '../desired/messaging.ts';
import { type KubeObject, RESOURCES } from '../kubernetes/resources.ts';
import { FINALIZER, GROUP, KIND, VERSION } from '../source/names.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceStatus } from '../source/status-schema.ts';

/** Writes what is about to be created into the status, and sets the finalizer that will delete it. */
export async function recordIntent(
  source: Source,
  made: Made,
  deps: Pick<ControllerDeps, 'cluster'>,
): Promise<void> {
  const { finalizers = [] } = source.metadata;
  if (!finalizers.includes(FINALIZER)) await setFinalizers(source, [...finalizers, FINALIZER], deps);
  const { status = {} } = source;
  if (!isDeepStrictEqual(made, status.made))
    await writeStatus(source, { ...status, made: copyOf(made) }, deps);
}

export async function removeFinalizer(source: Source, deps: Pick<ControllerDeps, 'cluster'>): Promise<void> {
  const { finalizers = [] } = source.metadata;
  if (!finalizers.includes(FINALIZER)) return;
  await setFinalizers(
    source,
    finalizers.filter((name) => name !== FINALIZER),
    deps,
  );
}

/** The controller owns the whole status: what is absent here is removed. */
export async function writeStatus(
  source: Source,
  status: SourceStatus,
  { cluster }: Pick<ControllerDeps, 'cluster'>,
): Promise<void> {
  const { namespace, name } = keyOf(source);
  const object: KubeObject = {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: KIND,
    // A source that was deleted and created again in the meantime must not get the status of the old one.
    metadata: { namespace, name, uid: source.metadata.uid },
    status,
  };
  await cluster.applyStatus(RESOURCES.source, object);
}

export const copyOf = ({ queues, subscriptions }: Made): NonNullable<SourceStatus['made']> => ({
  queues: [...queues],
  subscriptions: subscriptions.map(({ topic, name }) => ({ topic, name })),
});

/** Fails when the object has changed in the meantime: a finalizer of others must not be lost. */
async function setFinalizers(
  source: Source,
  finalizers: readonly string[],
  { cluster }: Pick<ControllerDeps, 'cluster'>,
): Promise<void> {
  const { namespace, name } = keyOf(source);
  const { resourceVersion } = source.metadata;
  await cluster.merge(RESOURCES.source, namespace, name, { metadata: { finalizers, resourceVersion } });
}
