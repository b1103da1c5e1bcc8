import type { Random } from '../../runtime/random.ts';
import { type Backoff, backoffDelay } from '../../runtime/retry.ts';

/** MNS's bounds of a visibility timeout, in seconds. */
export const SHORTEST_VISIBILITY = 1;
export const LONGEST_VISIBILITY = 43_200;

/**
 * Seconds to hide a message before it is delivered again: exponential in how often it was received, with full
 * jitter, and never less than the other side asked for.
 */
export function retryVisibility(
  dequeueCount: number,
  backoff: Backoff,
  random: Random,
  retryAfterMs = 0,
): number {
  const delay = Math.max(retryAfterMs, backoffDelay(dequeueCount - 1, backoff, random));
  return Math.min(LONGEST_VISIBILITY, Math.max(SHORTEST_VISIBILITY, Math.ceil(delay / 1000)));
}
