import { untilAborted } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type AppError, isAppError, toAppError } from '../../runtime/errors.ts';
import type { Random } from '../../runtime/random.ts';

/**
 * Every call to the queue service passes through it. While calls fail, callers wait here, and after a growing pause one of
 * them probes the service: a server that is down sees few requests, however many messages are in flight.
 */
export interface ServiceGate {
  /** Runs `work` when it may; `signal` ends the waiting, not the work. */
  call<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Whether the last call succeeded; false before the first. */
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
  /** Calls of an older generation began before the last failure. Their own failures do not count again. */
  let generation = 0;
  let probeAllowed = false;
  let cancelPause = () => {};
  const waiting: (() => void)[] = [];

  /** Undefined when a call may be made at once. */
  function turn(signal: AbortSignal): Promise<void> | undefined {
    if (failures === 0) return undefined;
    if (probeAllowed) {
      probeAllowed = false;
      return undefined;
    }
    return untilAborted<void>(signal, (resolve) => {
      const pass = () => resolve();
      waiting.push(pass);
      return () => waiting.splice(waiting.indexOf(pass), 1);
    });
  }

  /** Lets one caller through, the one that waits longest or the next that comes. */
  function allowProbe(): void {
    const next = waiting.shift();
    if (next) next();
    else probeAllowed = true;
  }

  /** Starts the next pause, which is longer. */
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

  /** Lets everyone through. */
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
