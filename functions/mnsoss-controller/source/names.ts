import { createHash } from 'node:crypto';
import { MAX_NAME_LENGTH } from '../../../shared/mns/limits.ts';

export const GROUP = 'sources.eventing.knative.dev';
export const VERSION = 'v1alpha1';
export const KIND = 'MnsOssSource';
/** Knative guesses it as the kind in lower case with an s. */
export const PLURAL = 'mnsosssources';
export const FINALIZER = `${PLURAL}.${GROUP}`;
export const TOKEN_HASH_ANNOTATION = `${GROUP}/token-hash`;

/** A name that is also the value of a label, and the prefix of pods' names. */
const MAX_LABEL_LENGTH = 63;

/** Where a source is. */
export interface SourceKey {
  readonly namespace: string;
  readonly name: string;
}

export const keyText = ({ namespace, name }: SourceKey): string => `${namespace}/${name}`;

export function parseKey(text: string): SourceKey {
  const slash = text.indexOf('/');
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** Of the Deployment that runs the poller. */
export const deploymentName = ({ name }: SourceKey): string =>
  shorten(`${name}-mnsoss-poller`, MAX_LABEL_LENGTH);

/** Of the SinkBinding that tells the poller its sink. */
export const bindingName = ({ name }: SourceKey): string => shorten(`${name}-mnsoss-sink`, MAX_LABEL_LENGTH);

/** What the Deployment selects its pods by. */
export const podLabels = ({ name }: SourceKey): Readonly<Record<string, string>> => ({
  'eventing.knative.dev/source': 'mnsoss',
  'eventing.knative.dev/sourceName': shorten(name, MAX_LABEL_LENGTH),
});

/**
 * Each source has a queue of its own, so that two sources of one topic both get every event. Its id is in the name:
 * what has the name was made for this source, and no source of another cluster ever reads it.
 */
export function queueName(uid: string, topic: string): string {
  const suffix = `-${digest(uid)}`;
  return `${topic.slice(0, MAX_NAME_LENGTH - suffix.length)}${suffix}`;
}

/** Another queue gets another subscription, so that the new one is there before the old one goes. */
export const subscriptionName = (uid: string, queue: string): string => `mnsoss-${digest(`${uid}/${queue}`)}`;

export function deadLetterQueueName(queue: string): string {
  const suffix = '-dead';
  if (queue.length + suffix.length <= MAX_NAME_LENGTH) return `${queue}${suffix}`;
  const hash = `-${digest(queue)}${suffix}`;
  return `${queue.slice(0, MAX_NAME_LENGTH - hash.length)}${hash}`;
}

/** A name that is too long keeps its beginning, and a hash tells it from others. */
function shorten(name: string, longest: number): string {
  if (name.length <= longest) return name;
  const hash = digest(name);
  return `${name.slice(0, longest - hash.length - 1).replace(/[-.]+$/, '')}-${hash}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}
