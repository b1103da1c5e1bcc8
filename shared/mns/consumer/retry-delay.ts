import type { Random } from '../../runtime/random.ts';
import { type Backoff, backoffDelay } from '../../runtime/retry.ts';
import { MAX_VISIBILITY_SECONDS, MIN_VISIBILITY_SECONDS } from '../limits.ts';

/** Longer wishes are granted this much: retention goes on while a message is hidden. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** How the delay grows with each delivery: by as much again (`linear`), or to twice as much (`exponential`). */
export interface RetryBackoff extends Backoff {
  /** Default: `exponential`. */
  readonly growth?: 'linear' | 'exponential';
}

/**
 * Seconds to hide a message before it is delivered again: growing with how often it was received, with full jitter,
 * and never less than the other side asked for, up to an hour.
 */
export function retryVisibility(
  dequeueCount: number,
  backoff: RetryBackoff,
  random: Random,
  retryAfterMs = 0,
): number {
  const wish = Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
  const { baseMs, capMs, growth } = backoff;
  const delay =
    growth === 'linear'
      ? random() * Math.min(capMs, baseMs * dequeueCount)
      : backoffDelay(dequeueCount - 1, backoff, random);
  return Math.min(
    MAX_VISIBILITY_SECONDS,
    Math.max(MIN_VISIBILITY_SECONDS, Math.ceil(Math.max(wish, delay) / 1000)),
  );
}
