import type { Clock } from '../../runtime/clock.ts';
import { isAppError, toAppError } from '../../runtime/errors.ts';
import type { Random } from '../../runtime/random.ts';
import { retry } from '../../runtime/retry.ts';
import { MIN_VISIBILITY_SECONDS } from '../limits.ts';
import type { MessageQueue } from '../queue.ts';
import type { Acknowledger } from './acknowledger.ts';
import type { ConsumerEvents, Emitter } from './events.ts';
import type { ServiceGate } from './gate.ts';
import type { InFlightMessage } from './in-flight.ts';
import { type RetryBackoff, retryVisibility } from './retry-delay.ts';
import type { DeadLetters } from './types.ts';

/** The four ways in which a message leaves the consumer. Each ends its renewals first, and `onLeft` last. */
export interface Leaving {
  /** The message is finished: deletes it. */
  acknowledge(item: InFlightMessage): Promise<void>;
  /** The message can never succeed: stores it as a dead letter, then deletes it. It stays hidden until then. */
  deadLetter(item: InFlightMessage, cause: { code: string; reason: string }): Promise<void>;
  /** The message failed: leaves it hidden for a while, after which the queue delivers it again. */
  hide(item: InFlightMessage, cause: RetryCause): Promise<void>;
  /** The consumer stops: makes the message visible to others as soon as MNS allows. */
  release(item: InFlightMessage): Promise<void>;
}

export interface RetryCause {
  readonly reason: string;
  readonly overloaded: boolean;
  readonly retryAfterMs?: number;
}

export interface LeavingDeps {
  readonly queue: MessageQueue;
  readonly deadLetters: DeadLetters;
  readonly gate: ServiceGate;
  readonly acknowledger: Acknowledger;
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: RetryBackoff;
  readonly emit: Emitter<ConsumerEvents>['emit'];
  /** Ends every wait for the service. */
  readonly end: AbortSignal;
  readonly onLeft: (item: InFlightMessage) => void;
}

const VISIBILITY_RETRY = { attempts: 3, baseMs: 200, capMs: 2000 };

export function createLeaving(deps: LeavingDeps): Leaving {
  const { queue, deadLetters, gate, acknowledger, clock, random, emit, end, onLeft } = deps;

  /** From here on the message belongs to this module: a timeout or the end of a wait no longer touches it. */
  function begin(item: InFlightMessage): void {
    item.phase = 'leaving';
    item.cancelWait?.();
  }

  async function acknowledge(item: InFlightMessage): Promise<void> {
    begin(item);
    const receipt = await item.keeper.stop();
    if (receipt) acknowledger.add({ messageId: item.message.messageId, ...receipt });
    onLeft(item);
  }

  async function deadLetter(item: InFlightMessage, { code, reason }: { code: string; reason: string }) {
    begin(item);
    const { receiptHandle: _, nextVisibleTime: __, ...content } = item.message;
    const { messageId } = content;
    const letter = { queue: queue.name, ...content, deadTime: clock.now(), code, reason };
    try {
      await deadLetters.put(letter, { signal: end });
    } catch (thrown) {
      const error = toAppError(thrown);
      emit('deadLetterFailed', { messageId, error });
      return hide(item, { reason: `dead letter not stored: ${error.code}`, overloaded: false });
    }
    emit('messageDeadLettered', { messageId, code, reason });
    return acknowledge(item);
  }

  async function hide(item: InFlightMessage, { reason, overloaded, retryAfterMs }: RetryCause) {
    const { messageId, dequeueCount } = item.message;
    const seconds = retryVisibility(dequeueCount, deps.backoff, random, retryAfterMs);
    if ((await setVisibility(item, seconds)) !== 'lost')
      emit('messageRetried', { messageId, reason, overloaded, where: 'queue', delayMs: seconds * 1000 });
    onLeft(item);
  }

  async function release(item: InFlightMessage): Promise<void> {
    const { messageId } = item.message;
    if ((await setVisibility(item, MIN_VISIBILITY_SECONDS)) === 'set') emit('messageReleased', { messageId });
    onLeft(item);
  }

  /** `lost`: the receipt is no longer valid. After `failed` the message reappears by itself, only later. */
  async function setVisibility(item: InFlightMessage, seconds: number): Promise<'set' | 'failed' | 'lost'> {
    const { messageId } = item.message;
    begin(item);
    const receipt = await item.keeper.stop();
    if (!receipt) return 'lost';
    const change = () => gate.call(() => queue.changeVisibility(receipt.receiptHandle, seconds), end);
    try {
      await retry(change, { ...VISIBILITY_RETRY, clock, random, signal: end });
      return 'set';
    } catch (thrown) {
      const error = toAppError(thrown);
      if (!isAppError(error, 'MessageNotExist')) {
        emit('releaseFailed', { messageId, error });
        return 'failed';
      }
      emit('messageLost', { messageId, during: 'release' });
      return 'lost';
    }
  }

  return { acknowledge, deadLetter, hide, release };
}
