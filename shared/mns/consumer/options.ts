import type { RetryBackoff } from './retry-delay.ts';

export interface ConsumerOptions {
  /** Handlers that run at once, at least 1. The consumer lowers it by itself while the sink is overloaded. `@default 10` */
  readonly concurrency: number;
  /**
   * Messages received ahead, so that no handler waits for a request; at most as many as `concurrency`. No more than
   * `concurrency + prefetch` messages are in flight. A high value keeps messages from other replicas. `@default 10`
   */
  readonly prefetch: number;
  /** Receive requests at once while the queue is not empty, at least 1. An empty queue gets one. `@default 3` */
  readonly maxReceives: number;
  /** Seconds of a long poll, 0–30. `@default 30` */
  readonly waitSeconds: number;
  /** Seconds, 1–43,200, for which each renewal hides a message. After a crash it reappears within that time. `@default 60` */
  readonly visibilitySeconds: number;
  /** Seconds after which renewing a message ends, its handler is aborted, and it is retried. `@default 900` */
  readonly maxAgeSeconds: number;
  /** Deliveries after which a message that still fails becomes a dead letter. `@default 10` */
  readonly maxDequeueCount: number;
  /**
   * Seconds since sending for which failures are attributed to an unavailable sink and not counted against the message.
   * An older message becomes a dead letter like any other, long before its queue drops it silently. `@default 86_400`
   */
  readonly sinkOutageGraceSeconds: number;
  /**
   * How long a failed message stays hidden. The delay grows with its dequeue count and has full jitter.
   * `@default { baseMs: 5_000, capMs: 600_000 }`
   */
  readonly retry: RetryBackoff;
  /**
   * Milliseconds up to which a `retryAfterMs` is waited for under the same receipt, which costs no delivery.
   * `@default 10_000`
   */
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
  sinkOutageGraceSeconds: 86_400,
  retry: { baseMs: 5_000, capMs: 600_000 },
  waitHereMs: 10_000,
};
