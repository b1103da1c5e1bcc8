import { accountFromEndpoint, queueAddress } from '../../../shared/mns/account.ts';
import type { MnsClient } from '../../../shared/mns/client.ts';
import { createEventQueue } from '../../../shared/mns/create-queue.ts';
import type { MnsOssToken } from '../../../shared/mns/token.ts';
import { type AppError, isAppError, toAppError } from '../../../shared/runtime/errors.ts';
import type { ControllerDeps } from '../deps.ts';
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
import { keyText } from '../source/names.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import { type Marked, markFalse, markTrue, markUnknown } from '../status/conditions.ts';
import { recordIntent } from '../status/record.ts';
import { discard } from './discard.ts';
import type { TokenFacts } from './read-credentials.ts';

interface MessagingFacts {
  readonly wanted: Messaging;
  readonly made: Made;
  /** False when MNS did not answer and has to be asked again soon. */
  readonly settled: boolean;
}

/** MNS may refuse a key that is in the Secret: then `CredentialsProvided` is overridden. */
type MessagingConditions = Marked<'QueueReady'> & Partial<Marked<'CredentialsProvided'>>;

export interface MessagingResult {
  readonly conditions: MessagingConditions;
  readonly facts: MessagingFacts;
}

/**
 * Creates queue, dead-letter queue and subscription if they do not exist. The status says first what is about to be
 * created, so that a crash in between leaves nothing behind that nothing would delete.
 */
export async function ensureMessaging(
  source: Source,
  spec: SourceSpec,
  { token, tokenHash }: TokenFacts,
  deps: ControllerDeps,
): Promise<MessagingResult> {
  const wanted = messaging(source, spec);
  const before = madeBefore(source.status);
  const result = (conditions: MessagingConditions, facts: Partial<MessagingFacts> = {}): MessagingResult => ({
    conditions,
    facts: { wanted, made: before, settled: true, ...facts },
  });
  const failure = (error: AppError, made = before): MessagingResult => {
    const conditions = judge(error, spec);
    return result(conditions ?? unanswered(error, source), { made, settled: conditions !== undefined });
  };
  if (!token) return result(markUnknown('QueueReady', 'CredentialsMissing', 'waits for the token'));

  const key = keyText(keyOf(source));
  const fingerprint = JSON.stringify([source.metadata.uid, wanted, tokenHash]);
  if (deps.ensured.has(key, fingerprint)) return result(markTrue('QueueReady'));

  const connected = await attempt(async () => deps.connectMns(token));
  if ('error' in connected) {
    const { name, key: entry } = spec.accessToken.secretKeyRef;
    const message = `key ${entry} of Secret ${name}: ${connected.error.message}`;
    return result({
      ...markFalse('CredentialsProvided', 'TokenMalformed', message),
      ...markUnknown('QueueReady', 'TokenMalformed', 'waits for the token'),
    });
  }
  const client = connected.value;
  try {
    const missing = await attempt(() => missingQueues(client, wanted, spec));
    if ('error' in missing) return failure(missing.error);
    const made = withNew(before, wanted, missing.value);
    await recordIntent(source, made, deps);

    const { kept, obsolete } = split(made, wanted);
    const done = await attempt(async () => {
      await create(client, wanted, missing.value, token, deps);
      if (!isEmpty(obsolete)) await discard(source, obsolete, client, deps);
    });
    if ('error' in done) return failure(done.error, made);
    deps.ensured.put(key, fingerprint);
    return result(markTrue('QueueReady'), { made: kept });
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

/** Queues with names of the source's own are its own. Those that the spec names become its own if they do not exist. */
async function missingQueues(client: MnsClient, wanted: Messaging, spec: SourceSpec): Promise<string[]> {
  if (spec.queue === undefined) return queuesOf(wanted);
  // Without a topic nothing would fill a new queue: the name is a typing error, and the error is thrown.
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
  { options }: ControllerDeps,
): Promise<void> {
  for (const name of missing) await createEventQueue(client, name);
  if (!subscription) return;
  await client.subscribe(subscription.topic, subscription.name, {
    endpoint: queueAddress(accountFromEndpoint(url, options), queue),
    format: 'SIMPLIFIED',
  });
}

/** What an answer of MNS means for the source; `undefined` when the error is no answer. */
function judge(
  { code, message }: AppError,
  { topic, queue, accessToken }: SourceSpec,
): MessagingConditions | undefined {
  const secret = `Secret ${accessToken.secretKeyRef.name}`;
  switch (code) {
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
      return {
        ...markFalse(
          'CredentialsProvided',
          'CredentialsRejected',
          `MNS refuses the key in ${secret}: put a valid one into it. ${message}`,
        ),
        ...markUnknown('QueueReady', 'CredentialsRejected', 'waits for a valid key'),
      };
    case 'AccessDenied':
      return markFalse(
        'QueueReady',
        'AccessDenied',
        `the key in ${secret} may not do this: allow it in its RAM policy. ${message}`,
      );
    case 'TopicNotExist':
      return markFalse(
        'QueueReady',
        'TopicNotFound',
        `topic ${topic} does not exist: create the event rule of the bucket, which makes it, or correct spec.topic`,
      );
    case 'QueueNotExist':
      return markFalse(
        'QueueReady',
        'QueueNotFound',
        `queue ${queue} does not exist: create it, or set spec.topic to have it made`,
      );
    case 'ResourceConflict':
      return markFalse(
        'QueueReady',
        'SubscriptionConflict',
        `a subscription of the source's name leads elsewhere: delete it. ${message}`,
      );
    case 'ConfigInvalid':
    case 'InvalidRequest':
      return markFalse('QueueReady', 'QueueRefused', message);
    default:
      return undefined;
  }
}

/** The pollers ask again by themselves: a queue that was ready counts as ready while MNS does not answer. */
function unanswered({ message }: AppError, { status, metadata }: Source): MessagingConditions {
  const ready = status?.conditions?.find(({ type }) => type === 'QueueReady');
  const wasReady = ready?.status === 'True' && status?.observedGeneration === metadata.generation;
  if (wasReady) return markTrue('QueueReady');
  return markUnknown('QueueReady', 'MnsUnavailable', `MNS does not answer: ${message}`);
}
