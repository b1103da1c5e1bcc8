import type { RetryBackoff } from './retry-delay.ts';

/** How a consumer behaves; what is left out has the value of `CONSUMER_DEFAULTS`. */
export interface ConsumerOptions {
  /** Handlers at once, at least 1. The consumer lowers it by itself while the sink is overloaded. */
  readonly concurrency: number;
  /**
   * Messages received ahead, so that no handler waits for a request; at most `concurrency` of them are held. With
   * it, no more than `concurrency + prefetch` messages are in flight. A high value keeps work from other replicas.
   */
  readonly prefetch: number;
  /** Receive requests at once while the queue is not empty, at least 1; one while it is. */
  readonly maxReceives: number;
  /** Seconds of a long poll, 0–30. */
  readonly waitSeconds: number;
  /** Seconds, 1–43,200, that each renewal hides a message; after a crash it reappears no later than that. */
  readonly visibilitySeconds: number;
  /** Seconds after which a message is no longer renewed, its handler is aborted, and it is retried. */
  readonly maxAgeSeconds: number;
  /** Deliveries after which a message that still fails is given up. */
  readonly maxDequeueCount: number;
  /**
   * Seconds after its sending for which a message is not blamed for a sink that takes nothing. Then it becomes a dead
   * letter like any other, long before its queue drops it without a word.
   */
  readonly sparedSeconds: number;
  /** How long a failed message stays hidden: growing with its dequeue count, with full jitter. */
  readonly retry: RetryBackoff;
  /** A `retryAfterMs` up to this is waited for under the same receipt, and costs no delivery. */
  readonly waitHereMs: number;
}

export const CONSUMER_DEFAULTS: ConsumerOptions = {
  concurrency: 10,
  prefetch: 10,
  maxReceives: 3,
  waitSeconds: 30,
  visibilitySeconds: 60,
  maxAgeSeconds: 900,
  maxDequeueCount: 10,
  sparedSeconds: 86_400,
  retry: { baseMs: 5_000, capMs: 600_000 },
  waitHereMs: 10_000,
};
