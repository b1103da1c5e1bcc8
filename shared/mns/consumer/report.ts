import type { ConsumerEvents, Emitter } from './events.ts';

export interface ConsumerCounts {
  readonly received: number;
  readonly deleted: number;
  /** Deliveries that failed and were or will be repeated. */
  readonly retried: number;
  readonly deadLettered: number;
  /** Made visible again, unfinished, because the consumer stopped. */
  readonly released: number;
  /** Messages whose receipt handle expired first. */
  readonly lost: number;
}

export interface StopReport extends ConsumerCounts {
  /** Messages whose handler had not settled at the end; they were made visible again all the same. */
  readonly abandoned: number;
  /** Finished messages whose deletion was not confirmed; they will be delivered again. */
  readonly unacknowledged: number;
}

export interface DrainReport extends StopReport {
  /** False when the budget ended first. */
  readonly empty: boolean;
  /** The last failure of the queue, unless a later call succeeded. */
  readonly failure?: string;
}

/** Counts events. */
export function countEvents(on: Emitter<ConsumerEvents>['on']): () => ConsumerCounts {
  const counts = { received: 0, deleted: 0, retried: 0, deadLettered: 0, released: 0, lost: 0 };
  on('messageReceived', () => void counts.received++);
  on('messageDeleted', () => void counts.deleted++);
  on('messageRetried', () => void counts.retried++);
  on('messageDeadLettered', () => void counts.deadLettered++);
  on('messageReleased', () => void counts.released++);
  on('messageLost', () => void counts.lost++);
  return () => ({ ...counts });
}
