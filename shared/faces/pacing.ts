import { untilAborted } from '../runtime/abort.ts';
import type { Clock } from '../runtime/clock.ts';
import type { RuntimeDeps } from '../runtime/deps.ts';
import { AppError, isAppError } from '../runtime/errors.ts';
import type { Random } from '../runtime/random.ts';
import { createPacingRate } from './pacing-rate.ts';
import { createPacingWindow } from './pacing-window.ts';

export interface PaceOptions {
  /** By when the request must start, in milliseconds of `clock.monotonic()`. Default: no deadline. */
  readonly deadline?: number;
  readonly signal?: AbortSignal;
}

/** Keeps each operation of a service within its quota. One instance serves all requests of a process. */
export interface Pacing {
  /**
   * Runs `work`. It must call `turn` once and send its request as soon as `turn` resolves. Anything before that, such
   * as an upload, runs while the request waits. A `Throttled` error from `work` lowers the rate of the operation.
   *
   * Throws `Throttled` at once, with `details.refused` and `retryAfterMs`, when the turn would come after the
   * deadline. The values of `retryAfterMs` are spread over time, so that a burst does not return as a burst. If the
   * queue is empty, the request runs even when its deadline is too short: otherwise it would never run.
   */
  run<T>(
    operation: string,
    work: (turn: () => Promise<void>) => Promise<T>,
    options?: PaceOptions,
  ): Promise<T>;
  /** Current rate of the operation, in requests per second. */
  rate(operation: string): number;
}

export interface PacingDeps extends Pick<RuntimeDeps, 'clock' | 'random'> {
  /** Requests per second that the service allows. */
  readonly quota: (operation: string) => number;
  /** Milliseconds by which the travel times of requests may differ. @default 50 */
  readonly marginMs?: number;
}

export function createPacing({ clock, random, quota, marginMs = 50 }: PacingDeps): Pacing {
  const queues = new Map<string, PacedQueue>();
  const queueOf = (operation: string): PacedQueue => {
    let queue = queues.get(operation);
    if (!queue) {
      queue = createPacedQueue(operation, { clock, random, quota: quota(operation), marginMs });
      queues.set(operation, queue);
    }
    return queue;
  };
  return {
    run: (operation, work, options = {}) => queueOf(operation).run(work, options),
    rate: (operation) => queueOf(operation).rate(),
  };
}

interface PacedQueue {
  run<T>(work: (turn: () => Promise<void>) => Promise<T>, options: PaceOptions): Promise<T>;
  rate(): number;
}

interface WaitingRequest {
  readonly deadline: number;
  readonly start: (at: number) => void;
  readonly fail: (error: unknown) => void;
}

/** Pause of a queue after a throttled request: the full window of the service, and up to a quarter of it more. */
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 1250;
/** Longest `retryAfterMs`. */
const MAX_RETRY_MS = 600_000;

function createPacedQueue(
  operation: string,
  { clock, random, quota, marginMs }: { clock: Clock; random: Random; quota: number; marginMs: number },
): PacedQueue {
  const rate = createPacingRate(quota, clock);
  const window = createPacingWindow(marginMs);
  const waiting: WaitingRequest[] = [];
  /** Requests that have not started yet: those in `waiting` and those that still upload. */
  let pending = 0;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let promisedUntil = Number.NEGATIVE_INFINITY;
  let cancelTimer = () => {};

  /** Start times of the next `count` requests, none before `now`. */
  const slots = (count: number, now: number) =>
    window.slots(Math.max(now, pausedUntil), count, rate.perSecond());

  /** The error of a request whose slot is after its deadline. */
  const tooLate = (slot: number, now: number): AppError => {
    promisedUntil = Math.max(slot, promisedUntil + 1000 / rate.perSecond());
    const retryAfterMs = Math.ceil(Math.min(MAX_RETRY_MS, promisedUntil - now));
    const wait = Math.ceil(slot - now);
    return new AppError('Throttled', `${operation}: its turn comes in ${wait} ms, after the deadline`, {
      details: { operation, refused: true, perSecond: rate.perSecond() },
      retryAfterMs,
    });
  };

  /** Starts requests that are due, rejects those that would miss their deadline, and sets the timer for the next. */
  const pump = (): void => {
    cancelTimer();
    const now = clock.monotonic();
    const times = slots(waiting.length, now);
    const kept: WaitingRequest[] = [];
    let next = 0;
    for (const request of waiting.splice(0)) {
      const slot = times[next]!;
      if (slot > now && slot > request.deadline) {
        request.fail(tooLate(slot, now));
        continue;
      }
      next++;
      if (slot > now) {
        kept.push(request);
      } else {
        window.sent(now);
        pending--;
        request.start(now);
      }
    }
    waiting.push(...kept);
    if (kept.length > 0) cancelTimer = clock.after(times[next - kept.length]! - now, pump);
  };

  const waitForTurn = ({ deadline = Number.POSITIVE_INFINITY, signal }: PaceOptions): Promise<number> =>
    untilAborted<number>(
      signal,
      (start, fail) => {
        const request: WaitingRequest = { deadline, start, fail };
        waiting.push(request);
        pump();
        return () => {
          waiting.splice(waiting.indexOf(request), 1);
          pump();
        };
      },
      () => new AppError('Aborted', `${operation}: stopped while it waited for its turn`),
    );

  return {
    rate: () => rate.perSecond(),
    async run(work, options) {
      const now = clock.monotonic();
      const slot = slots(pending + 1, now).at(-1)!;
      if (slot > now && slot > (options.deadline ?? Number.POSITIVE_INFINITY)) throw tooLate(slot, now);
      pending++;
      let sentAt: number | undefined;
      try {
        const result = await work(async () => {
          sentAt = await waitForTurn(options);
        });
        if (sentAt !== undefined) rate.succeeded(sentAt);
        return result;
      } catch (error) {
        if (sentAt !== undefined && isAppError(error, 'Throttled')) {
          rate.throttled(sentAt);
          pausedUntil = clock.monotonic() + MIN_PAUSE_MS + random() * (MAX_PAUSE_MS - MIN_PAUSE_MS);
          pump();
        }
        throw error;
      } finally {
        if (sentAt === undefined) pending--;
      }
    },
  };
}
