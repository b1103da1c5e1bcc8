import { createHash } from 'node:crypto';
import { assertSendable } from '../../shared/mns/body.ts';
import {
  DEFAULT_RETENTION_SECONDS,
  MAX_BATCH,
  MAX_DELAY_SECONDS,
  MAX_MESSAGE_BYTES,
  MAX_VISIBILITY_SECONDS,
  MIN_VISIBILITY_SECONDS,
} from '../../shared/mns/limits.ts';
import type {
  DeleteFailure,
  MessageQueue,
  QueueAttributes,
  ReceivedMessage,
} from '../../shared/mns/queue.ts';
import { untilAborted } from '../../shared/runtime/abort.ts';
import { type Clock, steadyClock } from '../../shared/runtime/clock.ts';
import { AppError } from '../../shared/runtime/errors.ts';

export interface MemoryQueueOptions {
  readonly name?: string;
  readonly clock: Clock;
  /** Seconds a received message stays hidden; 30 when absent, as in MNS. */
  readonly visibilityTimeout?: number;
  /** Seconds a message lives, whatever its state; 345,600 when absent, as in MNS. */
  readonly messageRetentionPeriod?: number;
}

interface StoredMessage {
  readonly id: string;
  readonly body: string;
  readonly bodyMD5: string;
  readonly priority: number;
  readonly enqueueTime: number;
  visibleAt: number;
  firstDequeueTime: number | undefined;
  dequeueCount: number;
  /** The one handle that may delete the message, until `visibleAt`. */
  receiptHandle: string | undefined;
}

interface Waiter {
  readonly max: number;
  /** Ends the poll with what there is. */
  readonly finish: (messages: ReceivedMessage[]) => void;
  readonly fail: (error: AppError) => void;
}

const RECEIPT_HANDLE = /^\d+-[0-9A-F]{32}-\d+$/;

export interface MemoryQueue extends MessageQueue {
  /** Ends all long polls. */
  close(): Promise<void>;
}

/**
 * A queue within the process, with the life of a message as MNS has it: delayed, visible, hidden behind a receipt
 * handle that each receive and each change of visibility replaces, deleted or expired. Long polls wake when a
 * message comes, its delay ends or its visibility timeout passes.
 */
export function createMemoryQueue({
  name = 'memory',
  clock: given,
  visibilityTimeout = 30,
  messageRetentionPeriod = DEFAULT_RETENTION_SECONDS,
}: MemoryQueueOptions): MemoryQueue {
  // The service is another machine: its time of day does not jump with that of its clients.
  const clock = steadyClock(given);
  /** In the order of arrival. */
  const messages = new Map<string, StoredMessage>();
  const waiters = new Set<Waiter>();
  let cancelWake = () => {};
  let sent = 0;
  let handles = 0;

  const isVisible = (message: StoredMessage) => message.visibleAt <= clock.now();

  const dropExpired = () => {
    const oldest = clock.now() - messageRetentionPeriod * 1000;
    for (const message of messages.values()) {
      if (message.enqueueTime > oldest) return;
      messages.delete(message.id);
    }
  };

  const firstVisible = (max: number): StoredMessage[] => {
    dropExpired();
    return [...messages.values()]
      .filter(isVisible)
      .sort((left, right) => left.priority - right.priority)
      .slice(0, max);
  };

  const hide = (message: StoredMessage, seconds: number) => {
    message.visibleAt = clock.now() + seconds * 1000;
    message.receiptHandle = `${message.priority}-${message.id}-${++handles}`;
    return { receiptHandle: message.receiptHandle, nextVisibleTime: message.visibleAt };
  };

  const take = (max: number): ReceivedMessage[] =>
    firstVisible(max).map((message) => {
      message.dequeueCount++;
      message.firstDequeueTime ??= clock.now();
      const hidden = hide(message, visibilityTimeout);
      return { ...describe(message), ...hidden };
    });

  /** Serves the waiting polls in their order, then sets the alarm for the next message to appear. */
  const wake = () => {
    cancelWake();
    for (const waiter of waiters) {
      const taken = take(waiter.max);
      if (taken.length === 0) break;
      waiter.finish(taken);
    }
    if (waiters.size === 0) return;
    let next = Number.POSITIVE_INFINITY;
    for (const message of messages.values()) next = Math.min(next, message.visibleAt);
    if (next < Number.POSITIVE_INFINITY) cancelWake = clock.after(next - clock.now(), wake);
  };

  const wait = (max: number, waitSeconds: number, signal?: AbortSignal) =>
    untilAborted<ReceivedMessage[]>(
      signal,
      (resolve, reject) => {
        const leave = () => {
          waiters.delete(waiter);
          cancelTimeout();
          if (waiters.size === 0) cancelWake();
        };
        const waiter: Waiter = {
          max,
          finish(taken) {
            leave();
            resolve(taken);
          },
          fail(error) {
            leave();
            reject(error);
          },
        };
        const cancelTimeout = clock.after(waitSeconds * 1000, () => waiter.finish(take(max)));
        waiters.add(waiter);
        wake();
        return leave;
      },
      () => stopped(name),
    );

  /** The message that the handle may still touch, or the error that MNS would answer with. */
  const receivedBy = (receiptHandle: string): StoredMessage | DeleteFailure => {
    if (!RECEIPT_HANDLE.test(receiptHandle))
      return {
        receiptHandle,
        code: 'ReceiptHandleError',
        message: 'The receipt handle you provide is not valid.',
      };
    dropExpired();
    const message = messages.get(receiptHandle.split('-')[1]!);
    if (message?.receiptHandle === receiptHandle && !isVisible(message)) return message;
    return { receiptHandle, code: 'MessageNotExist', message: 'Message not exist.' };
  };

  return {
    name,

    async receive({ max, waitSeconds, signal }) {
      demand('max', max, 1, 16);
      demand('waitSeconds', waitSeconds, 0, 30);
      if (signal?.aborted) throw stopped(name);
      const taken = take(max);
      if (taken.length > 0 || waitSeconds === 0) return taken;
      return wait(max, waitSeconds, signal);
    },

    async peek(max) {
      demand('max', max, 1, 16);
      return firstVisible(max).map(describe);
    },

    async delete(receiptHandles) {
      demand('receipt handles', receiptHandles.length, 0, MAX_BATCH);
      const failures: DeleteFailure[] = [];
      for (const receiptHandle of receiptHandles) {
        const found = receivedBy(receiptHandle);
        if ('code' in found) failures.push(found);
        else messages.delete(found.id);
      }
      return failures;
    },

    async changeVisibility(receiptHandle, seconds) {
      demand('seconds', seconds, MIN_VISIBILITY_SECONDS, MAX_VISIBILITY_SECONDS);
      const found = receivedBy(receiptHandle);
      if ('code' in found) {
        throw new AppError('MessageNotExist', `queue ${name}: ${found.message}`, {
          details: { queue: name, mnsCode: found.code },
        });
      }
      const hidden = hide(found, seconds);
      wake();
      return hidden;
    },

    async send(body, { delaySeconds = 0, priority = 8 } = {}) {
      assertSendable(body);
      demand('bytes of the body', Buffer.byteLength(body), 1, MAX_MESSAGE_BYTES);
      demand('delaySeconds', delaySeconds, 0, MAX_DELAY_SECONDS);
      demand('priority', priority, 1, 16);
      const id = (++sent).toString(16).toUpperCase().padStart(32, '0');
      const bodyMD5 = createHash('md5').update(body).digest('hex').toUpperCase();
      messages.set(id, {
        id,
        body,
        bodyMD5,
        priority,
        enqueueTime: clock.now(),
        visibleAt: clock.now() + delaySeconds * 1000,
        firstDequeueTime: undefined,
        dequeueCount: 0,
        receiptHandle: undefined,
      });
      wake();
      return { messageId: id, bodyMD5 };
    },

    async attributes(): Promise<QueueAttributes> {
      dropExpired();
      const stored = [...messages.values()];
      const activeMessages = stored.filter(isVisible).length;
      const delayMessages = stored.filter(
        (message) => !isVisible(message) && message.receiptHandle === undefined,
      ).length;
      return {
        activeMessages,
        inactiveMessages: stored.length - activeMessages - delayMessages,
        delayMessages,
      };
    },

    async close() {
      for (const waiter of waiters) waiter.fail(stopped(name));
    },
  };
}

function describe(message: StoredMessage): Omit<ReceivedMessage, 'receiptHandle' | 'nextVisibleTime'> {
  return {
    messageId: message.id,
    body: message.body,
    bodyMD5: message.bodyMD5,
    enqueueTime: message.enqueueTime,
    firstDequeueTime: message.firstDequeueTime ?? message.enqueueTime,
    dequeueCount: message.dequeueCount,
    priority: message.priority,
  };
}

function demand(what: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new AppError('InvalidRequest', `${what} must be between ${low} and ${high}, but is ${value}`);
}

function stopped(name: string): AppError {
  return new AppError('Aborted', `queue ${name}: the receive was stopped`, { details: { queue: name } });
}
