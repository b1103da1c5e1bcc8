import type { MnsClient } from '../../shared/mns/client.ts';
import { toAppError } from '../../shared/runtime/errors.ts';
import { describeMade, isEmpty, madeBefore } from './desired/messaging.ts';
import { statusOf } from './kubernetes/errors.ts';
import type { Verdict as Next } from './kubernetes/workqueue.ts';
import type { Parts } from './parts.ts';
import { FINALIZER } from './source/names.ts';
import type { Source } from './source/source.ts';
import { readSpec } from './source/spec.ts';
import { removeFinalizer } from './status/record.ts';
import { discard, messagesIn, unsubscribe } from './steps/discard.ts';
import { readCredentials } from './steps/read-credentials.ts';

/** Milliseconds for which MNS may be out of reach before a source goes without cleaning up. */
const GIVE_UP_MS = 600_000;
/** How often the queue of a source that is going is looked at, in milliseconds. */
const DRAIN_LOOK_MS = 2_000;

/**
 * Takes back what was made for a source, and lets it go. Its pollers still run: once nothing comes in any more, they
 * have a while to empty the queue. Whatever cannot be taken back does not hold the source: an event names it.
 */
export async function finalize(source: Source, parts: Parts): Promise<Next> {
  if (!source.metadata.finalizers?.includes(FINALIZER)) return 'forget';
  const made = madeBefore(source.status);
  if (!isEmpty(made)) {
    const reason = await cleanUp(source, parts);
    if (reason === 'draining') return { after: DRAIN_LOOK_MS };
    if (reason !== 'done') {
      const message = `${describeMade(made)} stay in MNS, delete them there: ${reason}`;
      await parts.record(source, { type: 'Warning', reason: 'CleanUpSkipped', message });
    }
  }
  try {
    await removeFinalizer(source, parts);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
  return 'forget';
}

/** `done`, `draining`, or why it cannot be done. */
async function cleanUp(source: Source, parts: Parts): Promise<string> {
  const made = madeBefore(source.status);
  const age = parts.clock.now() - Date.parse(source.metadata.deletionTimestamp!);
  const read = readSpec(source.spec);
  if ('faults' in read) return read.faults;
  const { verdict, found } = await readCredentials(source, read.spec, parts);
  if (!found) return verdict.message!;

  let client: MnsClient | undefined;
  try {
    client = parts.connectMns(found.token);
    await unsubscribe(client, made);
    const { queue } = source.status ?? {};
    const mayDrain = queue && made.queues.includes(queue) && (source.status?.consumers ?? 0) > 0;
    if (mayDrain && age < parts.options.drainSeconds * 1000 && (await messagesIn(client, queue)) > 0) {
      return 'draining';
    }
    await discard(source, made, client, parts);
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
