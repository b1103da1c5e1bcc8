import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { MessageQueue } from '../queue.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { ConsumerEvents, Emitter } from './events.ts';
import type { Handle } from './handler.ts';
import type { ConsumerOptions } from './options.ts';
import type { DrainReport, StopReport } from './report.ts';

export interface ConsumerParts {
  readonly queue: MessageQueue;
  readonly handle: Handle;
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly options?: Partial<ConsumerOptions>;
}

/** Receives, handles and deletes the messages of one queue, until it is stopped. It is started once. */
export interface Consumer {
  start(): void;
  /**
   * Takes nothing more, finishes what is being handled for at most `deadlineMs` (20,000 when absent), acknowledges
   * it, and hands the rest back. Ends at most two seconds after the deadline. Every call gives the same promise.
   */
  stop(options?: { deadlineMs?: number }): Promise<StopReport>;
  /** Starts, works until the queue is empty or the budget is nearly spent, and stops. */
  drain(options: { budgetMs: number }): Promise<DrainReport>;
  readonly on: Emitter<ConsumerEvents>['on'];
  /** Whether it takes messages, and the last answer of the queue was a good one. */
  ready(): boolean;
  /** Messages received, and neither finished nor handed back. */
  inFlight(): number;
  /** How many handlers may run at once now. */
  concurrency(): number;
  /** Changes the most handlers that may run at once. */
  setConcurrency(concurrency: number): void;
}
