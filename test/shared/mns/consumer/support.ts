import {
  type Consumer,
  type ConsumerEvents,
  type ConsumerOptions,
  createConsumer,
  type DeadLetter,
  type DeadLetters,
  type Handle,
  type StopReport,
} from '../../../../shared/mns/consumer/index.ts';
import type { MessageQueue } from '../../../../shared/mns/queue.ts';
import { type ManualClock, manualClock } from '../../../../shared/runtime/clock.ts';
import type { Delivery } from '../../../../shared/runtime/delivery.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { seededRandom } from '../../../../shared/runtime/random.ts';
import { createMemoryQueue } from '../../../support/memory-queue.ts';

export const DONE: Delivery = { result: 'accepted' };

export interface Rig {
  readonly clock: ManualClock;
  readonly queue: MessageQueue;
  readonly consumer: Consumer;
  readonly letters: DeadLetter[];
  /** Sends the messages, starts the consumer and moves the time. Resolves to the ids of the messages. */
  run(scene: { readonly messages?: number; readonly forMs: number }): Promise<string[]>;
  /** Every event of the name so far. */
  emitted<K extends keyof ConsumerEvents>(name: K): ConsumerEvents[K][];
  /** Stops the consumer and moves time until that is done. */
  stop(options?: { deadlineMs?: number }): Promise<StopReport & { tookMs: number }>;
  /** Messages that the queue still has, whatever their state. */
  stored(): Promise<number>;
}

export interface RigOptions {
  /** `@default` one that accepts every message after `takesMs` */
  readonly handle?: Handle;
  /** Milliseconds. `@default 0` */
  readonly takesMs?: number;
  /** Whether the default handler goes on after an abort. `@default false` */
  readonly ignoresSignal?: boolean;
  readonly clock?: ManualClock;
  readonly queue?: (clock: ManualClock) => MessageQueue;
  readonly options?: Partial<ConsumerOptions>;
  readonly deadLetters?: DeadLetters;
}

/** A consumer on a queue in memory, driven by a manual clock. */
export function rig({
  takesMs = 0,
  ignoresSignal = false,
  clock = manualClock(),
  handle = async (_, { signal }) => {
    if (takesMs > 0) await clock.sleep(takesMs, ignoresSignal ? undefined : signal);
    return DONE;
  },
  queue: make,
  options,
  deadLetters,
}: RigOptions = {}): Rig {
  const queue = make?.(clock) ?? createMemoryQueue({ clock });
  const letters: DeadLetter[] = [];
  const consumer = createConsumer({
    queue,
    handle,
    deadLetters: deadLetters ?? { name: 'memory', put: async (letter) => void letters.push(letter) },
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    options,
  });
  const log: { name: keyof ConsumerEvents; event: unknown }[] = [];
  for (const name of EVENT_NAMES) consumer.on(name, (event) => void log.push({ name, event }));
  return {
    clock,
    queue,
    consumer,
    letters,
    async run({ messages = 0, forMs }) {
      const ids = await send(queue, messages);
      consumer.start();
      await clock.advance(forMs);
      return ids;
    },
    emitted: <K extends keyof ConsumerEvents>(name: K) =>
      log.filter((entry) => entry.name === name).map((entry) => entry.event as ConsumerEvents[K]),
    stop: (options) => passing(clock, consumer.stop(options)),
    async stored() {
      const { activeMessages, inactiveMessages, delayMessages } = await queue.attributes();
      return activeMessages + inactiveMessages + delayMessages;
    },
  };
}

/** A queue in memory with some operations replaced. */
export const queueWith =
  (replace: (queue: MessageQueue) => Partial<MessageQueue>) =>
  (clock: ManualClock): MessageQueue => {
    const queue = createMemoryQueue({ clock });
    return { ...queue, ...replace(queue) };
  };

/** Moves time until the promise has settled, at most by ten minutes. */
export async function passing<T>(clock: ManualClock, promise: Promise<T>): Promise<T & { tookMs: number }> {
  const from = clock.now();
  let settled = false;
  const result = promise.finally(() => {
    settled = true;
  });
  while (!settled) {
    if (clock.now() - from > 600_000) throw new Error('the promise did not settle within ten minutes');
    await clock.advance(50);
  }
  return { ...(await result), tookMs: clock.now() - from };
}

const EVENT_NAMES = Object.keys({
  receiveCompleted: 0,
  receiveFailed: 0,
  messageReceived: 0,
  recordDelivered: 0,
  messageRetried: 0,
  messageDeadLettered: 0,
  deadLetterFailed: 0,
  messageDeleted: 0,
  deleteFailed: 0,
  messageReleased: 0,
  releaseFailed: 0,
  messageLost: 0,
  visibilityRenewed: 0,
  renewalFailed: 0,
  messageTimedOut: 0,
  concurrencyChanged: 0,
  serviceFailed: 0,
  serviceRecovered: 0,
} satisfies Record<keyof ConsumerEvents, 0>) as (keyof ConsumerEvents)[];

export async function send(queue: MessageQueue, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) ids.push((await queue.send(`body ${index}`)).messageId);
  return ids;
}
