import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import { isSameJson } from '../disk/same-json.ts';
import { hexId } from '../http/ids.ts';
import { MnsRefusal } from './errors.ts';
import { createLongPolls, type LongPolls } from './long-poll.ts';
import { newReceiptHandle, orderOfReceiptHandle } from './receipt-handle.ts';
import { checkName, type QueueSettings } from './settings.ts';
import type { Ledger } from './store/ledger.ts';
import type { StoredMessage, Visibility } from './store/queue-state.ts';
import type { MnsRecord } from './store/records.ts';
import type { Queue } from './store/state.ts';
import { md5Of } from './wire.ts';

/** Lets tests deliver messages twice or out of order, as the service may. */
export interface DeliveryFaults {
  /** Called once per received message: `true` leaves a duplicate visible. */
  duplicates(): boolean;
  /** Called once per receive: `true` takes the messages in another order. */
  reorders(): boolean;
  shuffle<T>(items: readonly T[]): T[];
}

export interface NewMessage {
  readonly body: string;
  readonly delaySeconds?: number;
  readonly priority?: number;
}

/** The visibility of a received message. */
export type ReceivedVisibility = Visibility & { readonly receiptHandle: string };

export interface Received extends StoredMessage {
  readonly visibility: ReceivedVisibility;
}

export interface Queues {
  /** `exists` if a queue of that name has the same settings; refuses if they differ. */
  create(name: string, settings: QueueSettings): Promise<'created' | 'exists'>;
  configure(name: string, settings: QueueSettings): Promise<void>;
  /** Makes due messages visible first. Refuses with `QueueNotExist`. */
  get(name: string): Queue;
  /** Also succeeds if there is no such queue. */
  remove(name: string): Promise<void>;
  send(name: string, messages: readonly NewMessage[]): Promise<StoredMessage[]>;
  /** Empty if no message came within `waitMs`, or if the signal aborted. */
  receive(name: string, options: { max: number; waitMs: number; signal: AbortSignal }): Promise<Received[]>;
  /** Makes messages visible again whose receiver disconnected before the answer. */
  giveBack(name: string, received: readonly Received[]): void;
  peek(name: string, max: number): StoredMessage[];
  /** Returns the handles whose messages were not deleted, and why. */
  deleteMessages(
    name: string,
    handles: readonly string[],
  ): Promise<{ handle: string; refusal: MnsRefusal }[]>;
  changeVisibility(name: string, handle: string, seconds: number): Promise<ReceivedVisibility>;
  /** The record of a new message; the caller commits it with other records and then calls `wake`. */
  messageRecord(queue: Queue, message: NewMessage): MnsRecord & { type: 'message' };
  wake(name: string): void;
  /** Ends all long polls with an error. */
  failPolls(error: Error): void;
  close(): void;
}

interface QueuesDeps extends Pick<RuntimeDeps, 'clock' | 'random'> {
  readonly ledger: Ledger;
  readonly faults: DeliveryFaults;
}

/** The number of visible messages from which a reordering receive chooses. */
const REORDER_WINDOW = 32;

export function createQueues({ ledger, clock, random, faults }: QueuesDeps): Queues {
  const { state } = ledger;
  const polls = new Map<string, LongPolls<Received>>();
  const timers = new Map<string, () => void>();

  const find = (name: string): Queue => {
    const queue = state.queues.get(name);
    if (!queue) throw new MnsRefusal('QueueNotExist');
    return queue;
  };

  const messageRecord: Queues['messageRecord'] = (queue, { body, delaySeconds, priority = 8 }) => {
    const now = clock.now();
    const order = ledger.nextOrder();
    const delayMs = 1000 * (delaySeconds ?? queue.settings.delaySeconds);
    // doc: the sender of a delayed message has its receipt handle until it is due.
    const receiptHandle = delayMs > 0 ? newReceiptHandle(random, { order, priority }) : undefined;
    const message: StoredMessage = {
      order,
      id: hexId(random, 32),
      body,
      bodyMD5: md5Of(body),
      priority,
      enqueueTime: now,
      visibility: { visibleAt: now + delayMs, dequeueCount: 0, receiptHandle },
    };
    return { type: 'message', queue: queue.name, message };
  };

  /** Makes due messages visible; moves those received too often to the dead-letter queue. */
  const settle = (queue: Queue) => {
    const due = queue.messages.settle(clock.now(), 1000 * queue.settings.messageRetentionPeriod);
    const policy = queue.settings.deadLetter;
    const target = policy && state.queues.get(policy.targetQueue);
    if (!target) return;
    const dead = due.filter(({ visibility }) => visibility.dequeueCount >= policy.maxReceiveCount);
    if (dead.length === 0) return;
    const now = clock.now();
    ledger.note(
      dead.flatMap((message): MnsRecord[] => {
        // doc: the message keeps its age, so its retention is not reset, and the id of its first queue.
        const moved: StoredMessage = {
          ...message,
          order: ledger.nextOrder(),
          id: hexId(random, 32),
          deadLetterOf: { queue: queue.name, messageId: message.id },
          visibility: { visibleAt: now, dequeueCount: 0 },
        };
        return [
          { type: 'message-deleted', queue: queue.name, order: message.order },
          { type: 'message', queue: target.name, message: moved },
        ];
      }),
    );
    wake(target.name);
  };

  /** Sets the timer for the next message to become visible, if a long poll or dead-letter policy needs it. */
  const arm = (name: string) => {
    timers.get(name)?.();
    timers.delete(name);
    const queue = state.queues.get(name);
    const next = queue?.messages.nextVisibleTime();
    if (!queue || next === undefined) return;
    if (!polls.get(name)?.waiting() && !queue.settings.deadLetter) return;
    timers.set(
      name,
      clock.after(next - clock.now(), () => wake(name)),
    );
  };

  const wake = (name: string) => {
    const queue = state.queues.get(name);
    if (queue?.settings.deadLetter) settle(queue);
    polls.get(name)?.wake();
    arm(name);
  };

  const pick = (queue: Queue, max: number): StoredMessage[] => {
    if (!faults.reorders()) return queue.messages.visible(max);
    return faults.shuffle(queue.messages.visible(max + REORDER_WINDOW)).slice(0, max);
  };

  const take = (queue: Queue, max: number): Received[] => {
    settle(queue);
    const now = clock.now();
    const received = pick(queue, max).map((message) => ({
      ...message,
      visibility: {
        visibleAt: now + 1000 * queue.settings.visibilityTimeout,
        dequeueCount: message.visibility.dequeueCount + 1,
        firstDequeueTime: message.visibility.firstDequeueTime ?? now,
        receiptHandle: newReceiptHandle(random, message),
      },
    }));
    if (received.length === 0) return [];
    const duplicates = received.filter(() => faults.duplicates());
    ledger.note([
      ...received.map((message) => visibilityRecord(queue, message.order, message.visibility)),
      ...duplicates.map((message) => duplicateRecord(queue, message)),
    ]);
    arm(queue.name);
    return received;
  };

  const duplicateRecord = (queue: Queue, message: StoredMessage): MnsRecord => ({
    type: 'message',
    queue: queue.name,
    message: {
      ...message,
      order: ledger.nextOrder(),
      visibility: { visibleAt: clock.now(), dequeueCount: 0 },
    },
  });

  /** The message that the handle identifies, if the handle is still valid. */
  const findReceived = (queue: Queue, handle: string): StoredMessage | MnsRefusal => {
    const order = orderOfReceiptHandle(handle);
    if (order === undefined) return new MnsRefusal('ReceiptHandleError');
    const message = queue.messages.find(order);
    const valid = message?.visibility.receiptHandle === handle && message.visibility.visibleAt > clock.now();
    return valid ? message : new MnsRefusal('MessageNotExist');
  };

  return {
    async create(name, settings) {
      checkName('queue', name);
      refuseOwnDeadLetters(name, settings);
      const existing = state.queues.get(name);
      if (existing && !isSameJson(existing.settings, settings)) {
        throw new MnsRefusal('QueueAlreadyExist');
      }
      const now = clock.now();
      const queue = { name, settings, createTime: now, lastModifyTime: now };
      await ledger.commit(existing ? [] : [{ type: 'queue', queue }]);
      return existing ? 'exists' : 'created';
    },
    async configure(name, settings) {
      refuseOwnDeadLetters(name, settings);
      const queue = { ...recordOf(find(name)), settings, lastModifyTime: clock.now() };
      await ledger.commit([{ type: 'queue', queue }]);
      arm(name);
    },
    get(name) {
      const queue = find(name);
      settle(queue);
      return queue;
    },
    async remove(name) {
      const durable = ledger.commit([{ type: 'queue-deleted', name }]);
      polls.get(name)?.fail(new MnsRefusal('QueueNotExist'));
      polls.delete(name);
      arm(name);
      await durable;
    },
    async send(name, messages) {
      const queue = find(name);
      const records = messages.map((message) => messageRecord(queue, message));
      const durable = ledger.commit(records);
      wake(name);
      await durable;
      return records.map((record) => record.message);
    },
    async receive(name, { max, waitMs, signal }) {
      const taken = take(find(name), max);
      if (taken.length > 0 || waitMs === 0) return taken;
      const queuePolls = polls.get(name) ?? createLongPolls<Received>(clock);
      polls.set(name, queuePolls);
      const waited = queuePolls.wait(() => take(find(name), max), { waitMs, signal });
      arm(name);
      return waited;
    },
    giveBack(name, received) {
      const queue = state.queues.get(name);
      if (!queue) return;
      const stillReceived = received.filter(
        ({ order, visibility }) =>
          queue.messages.find(order)?.visibility.receiptHandle === visibility.receiptHandle,
      );
      ledger.note(
        stillReceived.map(({ order, visibility: { dequeueCount, firstDequeueTime } }) =>
          visibilityRecord(queue, order, {
            visibleAt: clock.now(),
            dequeueCount: dequeueCount - 1,
            firstDequeueTime: dequeueCount > 1 ? firstDequeueTime : undefined,
          }),
        ),
      );
      wake(name);
    },
    peek(name, max) {
      const queue = find(name);
      settle(queue);
      return queue.messages.visible(max);
    },
    async deleteMessages(name, handles) {
      const queue = find(name);
      const failures: { handle: string; refusal: MnsRefusal }[] = [];
      const records = new Map<number, MnsRecord>();
      for (const handle of handles) {
        const message = findReceived(queue, handle);
        if (message instanceof MnsRefusal) failures.push({ handle, refusal: message });
        else records.set(message.order, { type: 'message-deleted', queue: name, order: message.order });
      }
      if (records.size > 0) await ledger.commit([...records.values()]);
      return failures;
    },
    async changeVisibility(name, handle, seconds) {
      const queue = find(name);
      const message = findReceived(queue, handle);
      if (message instanceof MnsRefusal) throw message;
      const visibility = {
        ...message.visibility,
        visibleAt: clock.now() + 1000 * seconds,
        receiptHandle: newReceiptHandle(random, message),
      };
      ledger.note([visibilityRecord(queue, message.order, visibility)]);
      arm(name);
      return visibility;
    },
    messageRecord,
    wake,
    failPolls(error) {
      for (const queuePolls of polls.values()) queuePolls.fail(error);
    },
    close() {
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}

function recordOf({ messages: _, ...queue }: Queue) {
  return queue;
}

function visibilityRecord(queue: Queue, order: number, visibility: Visibility): MnsRecord {
  return { type: 'visibility', queue: queue.name, order, visibility };
}

function refuseOwnDeadLetters(name: string, settings: QueueSettings): void {
  if (settings.deadLetter?.targetQueue !== name) return;
  throw new MnsRefusal('InvalidArgument', 'A queue cannot be its own dead-letter queue.');
}
