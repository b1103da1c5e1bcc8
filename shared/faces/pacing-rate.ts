import type { Clock } from '../runtime/clock.ts';

/** How many requests a second a service is believed to take; follows what it says. */
export interface PacingRate {
  perSecond(): number;
  /** `sentAt` is when the request left, in milliseconds since the epoch. */
  succeeded(sentAt: number): void;
  throttled(sentAt: number): void;
}

/**
 * So long nothing must be refused before the next higher rate is tried. Short at first: one refusal may be an accident, of
 * requests whose ways differed by more than the margin. When a try fails the quota is lower, and patience doubles.
 */
const PATIENCE_MS = { first: 5_000, afterFailure: 60_000, longest: 600_000 };
const LOWEST = 1 / 16;

/**
 * Halves when a request is refused, and goes up by one after a quiet time. A rate that was refused while it was
 * being tried falls back to the one that is known to work, and is tried again later and later: where the quota is
 * really lower, a try costs one refused request in up to ten minutes.
 */
export function createPacingRate(quota: number, clock: Clock): PacingRate {
  let rate = quota;
  let proven = quota;
  let patience = PATIENCE_MS.first;
  let changedAt = Number.NEGATIVE_INFINITY;

  const change = (next: number): void => {
    rate = next;
    changedAt = clock.now();
  };

  return {
    perSecond: () => rate,
    succeeded(sentAt) {
      if (sentAt < changedAt + patience) return;
      proven = rate;
      if (rate < quota) change(Math.min(quota, rate < 1 ? 2 * rate : rate + 1));
      else patience = PATIENCE_MS.first;
    },
    throttled(sentAt) {
      // What was sent before the last change says nothing about the rate of now.
      if (sentAt <= changedAt) return;
      if (rate > proven) {
        patience = Math.min(PATIENCE_MS.longest, Math.max(PATIENCE_MS.afterFailure, 2 * patience));
        change(proven);
      } else {
        patience = PATIENCE_MS.first;
        change(Math.max(Math.min(LOWEST, quota), rate > 1 ? Math.floor(rate / 2) : rate / 2));
        proven = rate;
      }
    },
  };
}
