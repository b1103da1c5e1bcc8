import { createHash } from 'node:crypto';
import { MAX_NAME_LENGTH } from '../../../shared/mns/limits.ts';

export const GROUP = 'sources.eventing.knative.dev';
export const VERSION = 'v1alpha1';
export const KIND = 'MnsOssSource';
/** Knative derives it: the kind in lower case with an s. */
export const PLURAL = 'mnsosssources';
export const FINALIZER = `${PLURAL}.${GROUP}`;
export const TOKEN_HASH_ANNOTATION = `${GROUP}/token-hash`;

/** For a name that is also the value of a label and the prefix of pods' names. */
const MAX_LABEL_LENGTH = 63;

/** Namespace and name of a source. */
export interface SourceKey {
  readonly namespace: string;
  readonly name: string;
}

export const keyText = ({ namespace, name }: SourceKey): string => `${namespace}/${name}`;

export function parseKey(text: string): SourceKey {
  const slash = text.indexOf('/');
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** Name of the Deployment that runs the pollers. */
export const deploymentName = ({ name }: SourceKey): string =>
  shorten(`${name}-mnsoss-poller`, MAX_LABEL_LENGTH);

/** Name of the SinkBinding that gives the pollers their sink. */
export const bindingName = ({ name }: SourceKey): string => shorten(`${name}-mnsoss-sink`, MAX_LABEL_LENGTH);

/** The Deployment selects its pods by these labels. */
export const podLabels = ({ name }: SourceKey): Readonly<Record<string, string>> => ({
  'eventing.knative.dev/source': 'mnsoss',
  'eventing.knative.dev/sourceName': shorten(name, MAX_LABEL_LENGTH),
});

/**
 * Each source has its own queue, so that two sources of one topic both get every event. The name contains the uid of the source:
 * no source of another cluster reads this queue.
 */
export function queueName(uid: string, topic: string): string {
  const suffix = `-${digest(uid)}`;
  return `${topic.slice(0, MAX_NAME_LENGTH - suffix.length)}${suffix}`;
}

/** Another queue gets another subscription, so that the new one exists before the old one is deleted. */
export const subscriptionName = (uid: string, queue: string): string => `mnsoss-${digest(`${uid}/${queue}`)}`;

export function deadLetterQueueName(queue: string): string {
  const suffix = '-dead';
  if (queue.length + suffix.length <= MAX_NAME_LENGTH) return `${queue}${suffix}`;
  const hash = `-${digest(queue)}${suffix}`;
  return `${queue.slice(0, MAX_NAME_LENGTH - hash.length)}${hash}`;
}

/** Cuts a name that is too long and appends a hash that makes it unique. */
function shorten(name: string, longest: number): string {
  if (name.length <= longest) return name;
  const hash = digest(name);
  return `${name.slice(0, longest - hash.length - 1).replace(/[-.]+$/, '')}-${hash}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}
