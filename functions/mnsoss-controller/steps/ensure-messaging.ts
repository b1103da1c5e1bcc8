import { accountFromEndpoint, queueAddress } from '../../../shared/mns/account.ts';
import type { MnsClient } from '../../../shared/mns/client.ts';
import { createEventQueue } from '../../../shared/mns/create-queue.ts';
import type { MnsOssToken } from '../../../shared/mns/token.ts';
import { type AppError, isAppError, toAppError } from '../../../shared/runtime/errors.ts';
import {
  isEmpty,
  type Made,
  type Messaging,
  madeBefore,
  messaging,
  queuesOf,
  split,
  withNew,
} from '../desired/messaging.ts';
import type { Parts } from '../parts.ts';
import { keyText } from '../source/names.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import { failed, fine, pending, type Verdict } from '../status/conditions.ts';
import { recordIntent } from '../status/record.ts';
import { discard } from './discard.ts';
import type { Credentials } from './read-credentials.ts';

export interface EnsuredMessaging {
  readonly wanted: Messaging;
  readonly made: Made;
  readonly queueReady: Verdict;
  /** False when MNS refused the key that the Secret holds. */
  readonly credentials: Verdict;
  /** False when the question has to be asked again soon. */
  readonly settled: boolean;
}

/**
 * Makes queue, dead-letter queue and subscription unless they exist. What is about to be made is written into the
 * status first, so that a crash in between leaves nothing behind that nobody would delete.
 */
export async function ensureMessaging(
  source: Source,
  spec: SourceSpec,
  { verdict, found }: Credentials,
  parts: Parts,
): Promise<EnsuredMessaging> {
  const wanted = messaging(source, spec);
  const before = madeBefore(source.status);
  const answer = { wanted, made: before, credentials: verdict, settled: true };
  if (!found) return { ...answer, queueReady: pending('CredentialsMissing', 'waits for the token') };

  const key = keyText(keyOf(source));
  const fingerprint = JSON.stringify([source.metadata.uid, wanted, found.hash]);
  if (parts.ensured.has(key, fingerprint)) return { ...answer, queueReady: fine };

  const connected = await attempt(async () => parts.connectMns(found.token));
  if ('error' in connected) {
    const { name, key: entry } = spec.accessToken.secretKeyRef;
    const malformed = failed('TokenMalformed', `key ${entry} of Secret ${name}: ${connected.error.message}`);
    return {
      ...answer,
      credentials: malformed,
      queueReady: pending('TokenMalformed', 'waits for the token'),
    };
  }
  const client = connected.value;
  try {
    const missing = await attempt(() => missingQueues(client, wanted, spec));
    if ('error' in missing) return { ...answer, ...judge(missing.error, source, spec) };
    const made = withNew(before, wanted, missing.value);
    await recordIntent(source, made, parts);

    const { kept, obsolete } = split(made, wanted);
    const done = await attempt(async () => {
      await create(client, wanted, missing.value, found.token, parts);
      if (!isEmpty(obsolete)) await discard(source, obsolete, client, parts);
    });
    if ('error' in done) return { ...answer, made, ...judge(done.error, source, spec) };
    parts.ensured.put(key, fingerprint);
    return { ...answer, made: kept, queueReady: fine };
  } finally {
    client.close();
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<{ value: T } | { error: AppError }> {
  try {
    return { value: await work() };
  } catch (thrown) {
    return { error: toAppError(thrown) };
  }
}

/** Queues of the source's own name are its own; of those that the spec names, the ones that do not exist become so. */
async function missingQueues(client: MnsClient, wanted: Messaging, spec: SourceSpec): Promise<string[]> {
  if (spec.queue === undefined) return queuesOf(wanted);
  // Without a topic nothing would ever fill a queue that is made: it is a slip of the pen, and thrown.
  if (spec.topic === undefined) await client.queue(spec.queue).attributes();
  const missing: string[] = [];
  for (const queue of queuesOf(wanted)) if (!(await exists(client, queue))) missing.push(queue);
  return missing;
}

async function exists(client: MnsClient, queue: string): Promise<boolean> {
  try {
    await client.queue(queue).attributes();
    return true;
  } catch (error) {
    if (isAppError(error, 'QueueNotExist')) return false;
    throw error;
  }
}

async function create(
  client: MnsClient,
  { subscription, queue }: Messaging,
  missing: readonly string[],
  { url }: MnsOssToken,
  { options }: Parts,
): Promise<void> {
  for (const name of missing) await createEventQueue(client, name);
  if (!subscription) return;
  await client.subscribe(subscription.topic, subscription.name, {
    endpoint: queueAddress(accountFromEndpoint(url, options), queue),
    format: 'SIMPLIFIED',
  });
}

function judge(
  error: AppError,
  source: Source,
  { topic, queue, accessToken }: SourceSpec,
): Partial<EnsuredMessaging> & { queueReady: Verdict } {
  const { message } = error;
  const secret = `Secret ${accessToken.secretKeyRef.name}`;
  switch (error.code) {
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
      return {
        credentials: failed(
          'CredentialsRejected',
          `MNS refuses the key in ${secret}: put a valid one into it. ${message}`,
        ),
        queueReady: pending('CredentialsRejected', 'waits for a valid key'),
      };
    case 'AccessDenied':
      return {
        queueReady: failed(
          'AccessDenied',
          `the key in ${secret} may not do this: allow it in its RAM policy. ${message}`,
        ),
      };
    case 'TopicNotExist':
      return {
        queueReady: failed(
          'TopicNotFound',
          `topic ${topic} does not exist: create the event rule of the bucket, which makes it, or correct spec.topic`,
        ),
      };
    case 'QueueNotExist':
      return {
        queueReady: failed(
          'QueueNotFound',
          `queue ${queue} does not exist: create it, or set spec.topic to have it made`,
        ),
      };
    case 'ResourceConflict':
      return {
        queueReady: failed(
          'SubscriptionConflict',
          `a subscription of the source's name leads elsewhere: delete it. ${message}`,
        ),
      };
    case 'ConfigInvalid':
    case 'InvalidRequest':
      return { queueReady: failed('QueueRefused', message) };
    default: {
      // A hiccup of MNS says nothing about the queue, and the pollers ask again by themselves.
      const { status } = source;
      const ready = status?.conditions?.find(({ type }) => type === 'QueueReady');
      const wasReady = ready?.status === 'True' && status?.observedGeneration === source.metadata.generation;
      return {
        settled: false,
        queueReady: wasReady ? fine : pending('MnsUnavailable', `MNS does not answer: ${message}`),
      };
    }
  }
}
