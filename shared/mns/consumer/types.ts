import type { Clock } from '../../runtime/clock.ts';
import type { Delivery } from '../../runtime/delivery.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { MessageQueue, ReceivedMessage } from '../queue.ts';
import type { ConsumerEvents, Emitter, RecordDelivery } from './events.ts';
import type { ConsumerOptions } from './options.ts';
import type { DrainReport, StopReport } from './report.ts';

export interface ConsumerDeps {
  readonly queue: MessageQueue;
  readonly handle: Handle;
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly options?: Partial<ConsumerOptions>;
}

/**
 * Handles one message. It must settle soon after the signal aborts; until then it takes a slot. A thrown error counts as
 * the delivery that its kind stands for.
 */
export type Handle = (message: ReceivedMessage, context: HandleContext) => Promise<Delivery>;

export interface HandleContext {
  /** Aborted when the message is lost or too old, or when the deadline of `stop` has passed. */
  readonly signal: AbortSignal;
  /** Attempts under the present receipt, this one included. */
  readonly attempt: number;
  /** Emits `recordDelivered` for one record of the message. */
  recordDelivered(delivery: RecordDelivery): void;
}

/** Where messages go that are given up. `put` resolves when the letter is stored, and throws otherwise. */
export interface DeadLetters {
  readonly name: string;
  put(letter: DeadLetter, options: { signal: AbortSignal }): Promise<void>;
}

/** A message that is given up, with everything that a person needs to judge it and to send it again. */
export interface DeadLetter {
  readonly queue: string;
  readonly messageId: string;
  /** As received. */
  readonly body: string;
  readonly bodyMD5: string;
  /** Milliseconds since the epoch. */
  readonly enqueueTime: number;
  /** Milliseconds since the epoch. */
  readonly firstDequeueTime: number;
  readonly dequeueCount: number;
  readonly priority: number;
  /** Milliseconds since the epoch. */
  readonly deadTime: number;
  readonly code: string;
  readonly reason: string;
}

/** Receives, handles and deletes the messages of one queue until it is stopped. It can be started once. */
export interface Consumer {
  start(): void;
  /**
   * Receives nothing more, waits for the running handlers, deletes what they finished, and makes the rest visible again.
   * Ends at most two seconds after the deadline. Every call returns the same promise.
   *
   * @param options.deadlineMs time for the running handlers. `@default 20_000`
   */
  stop(options?: { deadlineMs?: number }): Promise<StopReport>;
  /** Starts, works until the queue is empty or the budget is nearly spent, and stops. */
  drain(options: { budgetMs: number }): Promise<DrainReport>;
  readonly on: Emitter<ConsumerEvents>['on'];
  /** Whether it is started and the last call to the queue succeeded. */
  ready(): boolean;
  /** Messages that were received and are neither finished nor made visible again. */
  inFlight(): number;
  /** How many handlers may run at once now. */
  concurrency(): number;
  /** Changes the upper bound of handlers that may run at once. */
  setConcurrency(concurrency: number): void;
}
