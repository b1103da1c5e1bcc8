import { isDeepStrictEqual } from 'node:util';
import type { Made } from '../desired/messaging.ts';
import { type KubeObject, RESOURCES } from '../kubernetes/resources.ts';
import type { Parts } from '../parts.ts';
import { FINALIZER, GROUP, KIND, VERSION } from '../source/names.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceStatus } from '../source/status-schema.ts';

/** Writes down what is about to be made, and sees to it that deleting the source takes it back. */
export async function recordIntent(source: Source, made: Made, parts: Pick<Parts, 'cluster'>): Promise<void> {
  const { finalizers = [] } = source.metadata;
  if (!finalizers.includes(FINALIZER)) await setFinalizers(source, [...finalizers, FINALIZER], parts);
  const { status = {} } = source;
  if (!isDeepStrictEqual(made, status.made))
    await writeStatus(source, { ...status, made: copyOf(made) }, parts);
}

export async function removeFinalizer(source: Source, parts: Pick<Parts, 'cluster'>): Promise<void> {
  const { finalizers = [] } = source.metadata;
  if (!finalizers.includes(FINALIZER)) return;
  await setFinalizers(
    source,
    finalizers.filter((name) => name !== FINALIZER),
    parts,
  );
}

/** Everything of the status is ours, so that whatever is left out goes. */
export async function writeStatus(
  source: Source,
  status: SourceStatus,
  { cluster }: Pick<Parts, 'cluster'>,
): Promise<void> {
  const { namespace, name } = keyOf(source);
  const object: KubeObject = {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: KIND,
    // A source that was deleted and made again in the meantime is not told the other's status.
    metadata: { namespace, name, uid: source.metadata.uid },
    status,
  };
  await cluster.applyStatus(RESOURCES.source, object);
}

export const copyOf = ({ queues, subscriptions }: Made): NonNullable<SourceStatus['made']> => ({
  queues: [...queues],
  subscriptions: subscriptions.map(({ topic, name }) => ({ topic, name })),
});

/** Refused when somebody else wrote meanwhile: a finalizer of others must not be lost. */
async function setFinalizers(
  source: Source,
  finalizers: readonly string[],
  { cluster }: Pick<Parts, 'cluster'>,
): Promise<void> {
  const { namespace, name } = keyOf(source);
  const { resourceVersion } = source.metadata;
  await cluster.merge(RESOURCES.source, namespace, name, { metadata: { finalizers, resourceVersion } });
}
