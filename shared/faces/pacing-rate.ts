import type { Clock } from '../runtime/clock.ts';

/** The rate that a service is believed to accept. Its answers change it. */
export interface PacingRate {
  perSecond(): number;
  /** `sentAt` is when the request left, by `clock.monotonic()`. */
  succeeded(sentAt: number): void;
  throttled(sentAt: number): void;
}

/**
 * Time without throttling before the next higher rate is tried. Short at first, because one throttled request may be an
 * accident: travel times differed by more than the margin. When a higher rate fails, the quota is lower, and the time
 * doubles.
 */
const PATIENCE_MS = { first: 5_000, afterFailure: 60_000, max: 600_000 };
/** Requests per second. */
const MIN_RATE = 1 / 16;

/**
 * Halves the rate when a request is throttled, and raises it by one after a time without throttling. A higher rate that
 * fails falls back to the last rate that worked, and is tried again after a growing time: if the quota is really lower,
 * this costs one throttled request in up to ten minutes.
 */
export function createPacingRate(quota: number, clock: Clock): PacingRate {
  let rate = quota;
  let proven = quota;
  let patience = PATIENCE_MS.first;
  let changedAt = Number.NEGATIVE_INFINITY;

  const change = (next: number): void => {
    rate = next;
    changedAt = clock.monotonic();
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
      // A request from before the last change says nothing about the current rate.
      if (sentAt <= changedAt) return;
      if (rate > proven) {
        patience = Math.min(PATIENCE_MS.max, Math.max(PATIENCE_MS.afterFailure, 2 * patience));
        change(proven);
      } else {
        patience = PATIENCE_MS.first;
        change(Math.max(Math.min(MIN_RATE, quota), rate > 1 ? Math.floor(rate / 2) : rate / 2));
        proven = rate;
      }
    },
  };
}
