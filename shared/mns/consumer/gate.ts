import type { Clock } from '../../runtime/clock.ts';
import { type AppError, isAppError, toAppError } from '../../runtime/errors.ts';
import type { Random } from '../../runtime/random.ts';

/**
 * The one door to the queue service. While its calls fail, every caller waits here and one at a time is let through
 * as a probe after a growing pause, so that a server that is down sees few requests however many messages are held.
 */
export interface ServiceGate {
  /** Runs `work` when it may; `signal` ends the waiting, not the work. */
  call<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Whether the last answer was a good one; false before the first. */
  healthy(): boolean;
  /** Cancels the pause that is running. */
  close(): void;
}

export interface GateOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly onFailed: (event: { error: AppError; failures: number; retryInMs: number }) => void;
  readonly onRecovered: (event: { failures: number }) => void;
}

const BASE_MS = 500;
const CAP_MS = 30_000;

export function createServiceGate({ clock, random, onFailed, onRecovered }: GateOptions): ServiceGate {
  let failures = 0;
  let proven = false;
  /** Calls of an older generation began before the last failure, and do not count as one of their own. */
  let generation = 0;
  let probeAllowed = false;
  let cancelPause = () => {};
  const waiting: (() => void)[] = [];

  function turn(signal: AbortSignal): Promise<void> | undefined {
    if (failures === 0) return undefined;
    if (probeAllowed) {
      probeAllowed = false;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        waiting.splice(waiting.indexOf(pass), 1);
        reject(signal.reason);
      };
      const pass = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.push(pass);
    });
  }

  function allowProbe(): void {
    const next = waiting.shift();
    if (next) next();
    else probeAllowed = true;
  }

  function failed(error: AppError, began: number): void {
    if (began !== generation) return;
    generation++;
    failures++;
    const most = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(failures - 1, 20));
    // Half of the delay is fixed: full jitter could draw ten short delays in a row.
    const retryInMs = Math.max(error.retryAfterMs ?? 0, most / 2 + random() * (most / 2));
    cancelPause();
    cancelPause = clock.after(retryInMs, allowProbe);
    onFailed({ error, failures, retryInMs });
  }

  function succeeded(): void {
    proven = true;
    if (failures === 0) return;
    const before = failures;
    failures = 0;
    generation++;
    probeAllowed = false;
    cancelPause();
    for (const pass of waiting.splice(0)) pass();
    onRecovered({ failures: before });
  }

  return {
    healthy: () => proven && failures === 0,
    close: () => cancelPause(),
    async call(work, signal) {
      if (signal.aborted) throw signal.reason;
      const wait = turn(signal);
      if (wait) await wait;
      const began = generation;
      try {
        const result = await work();
        succeeded();
        return result;
      } catch (thrown) {
        const error = toAppError(thrown);
        // A stale receipt handle is an answer like any other.
        if (isAppError(error, 'MessageNotExist')) succeeded();
        else if (!isAppError(error, 'Aborted')) failed(error, began);
        else if (failures > 0 && began === generation) allowProbe();
        throw error;
      }
    },
  };
}
