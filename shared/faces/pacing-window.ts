/** When requests may leave, so that no window of one second at the service sees more than its quota. */
export interface PacingWindow {
  /** Milliseconds since the epoch at which each of the next `count` requests may leave, none before `from`. */
  slots(from: number, count: number, perSecond: number): number[];
  sent(at: number): void;
}

const SECOND_MS = 1000;

/**
 * The service counts in windows whose beginning nobody knows, so the last requests are remembered instead: with a
 * quota of n, a request leaves a second and a margin after the n-th before it. Then any n + 1 requests arrive over
 * more than a second, wherever its windows begin, as long as their ways differ by no more than the margin.
 */
export function createPacingWindow(marginMs: number): PacingWindow {
  let log: number[] = [];
  return {
    slots(from, count, perSecond) {
      const atOnce = Math.max(1, Math.floor(perSecond));
      const period = Math.max(SECOND_MS, SECOND_MS / perSecond) + marginMs;
      // A clock that was set back must not make anybody wait for the time it showed before.
      if ((log.at(-1) ?? from) > from) log = log.map((at) => Math.min(at, from));
      const times = log.slice(-atOnce);
      for (let i = 0; i < count; i++) {
        const before = times.at(-atOnce);
        times.push(before === undefined ? from : Math.max(from, before + period));
      }
      return count === 0 ? [] : times.slice(-count);
    },
    sent(at) {
      // The oldest half goes at once, so that remembering costs nothing.
      if (log.length >= 2048) log = log.slice(1024);
      log.push(at);
    },
  };
}
