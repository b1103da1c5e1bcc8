import type { Clock } from '../../runtime/clock.ts';

/** Spreads the retries of failed messages over the future, so that they leave most of the handlers to other messages. */
export interface RetryLane {
  /**
   * Reserves the time of one more retry.
   *
   * @param tookMs milliseconds that the failed attempt took; the retry will take as long
   * @param concurrency handlers that may run at once
   * @returns milliseconds until the retry may come
   */
  reserve(tookMs: number, concurrency: number): number;
}

/** The part of the handlers' time that retries may take. */
const SHARE = 0.08;

export function createRetryLane({ clock }: { clock: Clock }): RetryLane {
  let reservedUntil = Number.NEGATIVE_INFINITY;
  return {
    reserve(tookMs, concurrency) {
      const now = clock.monotonic();
      reservedUntil = Math.max(now, reservedUntil) + tookMs / (SHARE * concurrency);
      return reservedUntil - now;
    },
  };
}
