import type { MnsClient } from '../../shared/mns/client.ts';
import { toAppError } from '../../shared/runtime/errors.ts';
import type { ControllerDeps } from './deps.ts';
import { describeMade, isEmpty, madeBefore } from './desired/messaging.ts';
import { statusOf } from './kubernetes/errors.ts';
import type { RequeueDecision } from './kubernetes/workqueue.ts';
import { FINALIZER } from './source/names.ts';
import type { Source } from './source/source.ts';
import { readSpec } from './source/spec.ts';
import { removeFinalizer } from './status/record.ts';
import { discard, messagesIn, unsubscribe } from './steps/discard.ts';
import { readCredentials } from './steps/read-credentials.ts';

/** Milliseconds for which MNS may be unreachable before a source is deleted without cleaning up. */
const GIVE_UP_MS = 600_000;
/** Milliseconds between two looks at the queue of a source that is being deleted. */
const DRAIN_LOOK_MS = 2_000;

/**
 * Deletes what was created in MNS for a source, then its finalizer. The pollers still run: after the subscription is gone,
 * they have some time to empty the queue. What cannot be deleted does not hold the source back: an event names it.
 */
export async function finalize(source: Source, deps: ControllerDeps): Promise<RequeueDecision> {
  if (!source.metadata.finalizers?.includes(FINALIZER)) return 'forget';
  const made = madeBefore(source.status);
  if (!isEmpty(made)) {
    const reason = await cleanUp(source, deps);
    if (reason === 'draining') return { after: DRAIN_LOOK_MS };
    if (reason !== 'done') {
      const message = `${describeMade(made)} stay in MNS, delete them there: ${reason}`;
      await deps.record(source, { type: 'Warning', reason: 'CleanUpSkipped', message });
    }
  }
  try {
    await removeFinalizer(source, deps);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
  return 'forget';
}

/** Milliseconds since this process first saw that the source is deleted: a time of day, here or there, may be wrong. */
function deletionAge({ metadata }: Source, { clock, deletions }: ControllerDeps): number {
  const now = clock.monotonic();
  const first = deletions.get(metadata.uid!) ?? now;
  deletions.set(metadata.uid!, first);
  return now - first;
}

/** `done`, `draining`, or why it is not possible. */
async function cleanUp(source: Source, deps: ControllerDeps): Promise<string> {
  const made = madeBefore(source.status);
  const age = deletionAge(source, deps);
  const read = readSpec(source.spec);
  if ('faults' in read) return read.faults;
  const { conditions, facts } = await readCredentials(source, read.spec, deps);
  if (!facts.token) return conditions.CredentialsProvided.message!;

  let client: MnsClient | undefined;
  try {
    client = deps.connectMns(facts.token);
    await unsubscribe(client, made);
    const { queue } = source.status ?? {};
    const mayDrain = queue && made.queues.includes(queue) && (source.status?.consumers ?? 0) > 0;
    if (mayDrain && age < deps.options.drainSeconds * 1000 && (await messagesIn(client, queue)) > 0) {
      return 'draining';
    }
    await discard(source, made, client, deps);
    return 'done';
  } catch (thrown) {
    const error = toAppError(thrown);
    const mayPass = error.kind === 'transient' || error.kind === 'throttled';
    if (mayPass && age < GIVE_UP_MS) throw error;
    return error.message;
  } finally {
    client?.close();
  }
}
