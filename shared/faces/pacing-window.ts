/** Start times of requests, so that no second at the service has more requests than its quota. */
export interface PacingWindow {
  /** When each of the next `count` requests may start, not before `from`: milliseconds of `clock.monotonic()`. */
  slots(from: number, count: number, perSecond: number): number[];
  sent(at: number): void;
}

const SECOND_MS = 1000;

/**
 * The service counts requests in windows whose start is unknown. Therefore the last requests are remembered: with a
 * quota of n, a request starts one second and a margin after the n-th request before it. Any n + 1 requests then arrive
 * over more than a second, wherever a window starts, if their travel times differ by at most the margin.
 */
export function createPacingWindow(marginMs: number): PacingWindow {
  let log: number[] = [];
  return {
    slots(from, count, perSecond) {
      const atOnce = Math.max(1, Math.floor(perSecond));
      const period = Math.max(SECOND_MS, SECOND_MS / perSecond) + marginMs;
      const times = log.slice(-atOnce);
      for (let i = 0; i < count; i++) {
        const before = times.at(-atOnce);
        times.push(before === undefined ? from : Math.max(from, before + period));
      }
      return count === 0 ? [] : times.slice(-count);
    },
    sent(at) {
      // Drop the oldest half in one step, so that this costs almost nothing per request.
      if (log.length >= 2048) log = log.slice(1024);
      log.push(at);
    },
  };
}
