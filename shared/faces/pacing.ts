import type { Clock } from '../runtime/clock.ts';
import { AppError, isAppError } from '../runtime/errors.ts';
import type { Random } from '../runtime/random.ts';
import { createPacingRate } from './pacing-rate.ts';
import { createPacingWindow } from './pacing-window.ts';

export interface PaceOptions {
  /** Milliseconds since the epoch by which the request must have left; absent: its turn is waited for. */
  readonly deadline?: number;
  readonly signal?: AbortSignal;
}

/** Keeps each operation of a service within its quota; one for all work of a process. */
export interface Pacing {
  /**
   * Runs `work`, which calls `turn` once and sends its request as soon as that resolves; what comes before, such as an
   * upload, runs while it waits in line. A `Throttled` from `work` lowers the pace of the operation.
   *
   * Throws `Throttled` at once, with `details.refused` and `retryAfterMs`, when the turn would come after the
   * deadline. The times to come back are spread over the future, so that a burst does not return as a burst. With
   * nobody in line the work runs whatever its deadline is, or a short one would never run.
   */
  run<T>(
    operation: string,
    work: (turn: () => Promise<void>) => Promise<T>,
    options?: PaceOptions,
  ): Promise<T>;
  /** Requests a second that the operation is paced at now. */
  rate(operation: string): number;
}

export interface PacingDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Requests a second that the service allows. */
  readonly quota: (operation: string) => number;
  /** Milliseconds by which the ways of requests to the service may differ. */
  readonly marginMs?: number;
}

export function createPacing({ clock, random, quota, marginMs = 50 }: PacingDeps): Pacing {
  const lines = new Map<string, Line>();
  const lineOf = (operation: string): Line => {
    let line = lines.get(operation);
    if (!line) {
      line = createLine(operation, { clock, random, quota: quota(operation), marginMs });
      lines.set(operation, line);
    }
    return line;
  };
  return {
    run: (operation, work, options = {}) => lineOf(operation).run(work, options),
    rate: (operation) => lineOf(operation).rate(),
  };
}

interface Line {
  run<T>(work: (turn: () => Promise<void>) => Promise<T>, options: PaceOptions): Promise<T>;
  rate(): number;
}

interface Waiting {
  readonly deadline: number;
  readonly go: (at: number) => void;
  readonly fail: (error: unknown) => void;
}

/** After a refusal the line stands still for the window that is full, and for up to a quarter of it longer. */
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 1250;
/** The longest time after which somebody is asked to come back. */
const MAX_RETRY_MS = 600_000;

function createLine(
  operation: string,
  { clock, random, quota, marginMs }: { clock: Clock; random: Random; quota: number; marginMs: number },
): Line {
  const rate = createPacingRate(quota, clock);
  const window = createPacingWindow(marginMs);
  const waiting: Waiting[] = [];
  /** Works that have not sent their request yet; those that wait for their turn are among them. */
  let places = 0;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let promisedUntil = Number.NEGATIVE_INFINITY;
  let cancelTimer = () => {};

  const slots = (count: number) => {
    const now = clock.now();
    // No later than the longest pause from now, should the machine's clock have been set back.
    const from = Math.max(now, Math.min(pausedUntil, now + MAX_PAUSE_MS));
    return window.slots(from, count, rate.perSecond());
  };

  const refusal = (slot: number): AppError => {
    const now = clock.now();
    promisedUntil = Math.max(slot, promisedUntil + 1000 / rate.perSecond());
    const retryAfterMs = Math.ceil(Math.min(MAX_RETRY_MS, promisedUntil - now));
    const wait = Math.ceil(slot - now);
    return new AppError('Throttled', `${operation}: its turn comes in ${wait} ms, after the deadline`, {
      details: { operation, refused: true, perSecond: rate.perSecond() },
      retryAfterMs,
    });
  };

  /** Lets go whose time has come, turns away who would be too late, and sets the timer for the next. */
  const pump = (): void => {
    cancelTimer();
    const now = clock.now();
    const times = slots(waiting.length);
    const kept: Waiting[] = [];
    let next = 0;
    for (const entry of waiting.splice(0)) {
      const slot = times[next]!;
      if (slot > now && slot > entry.deadline) {
        entry.fail(refusal(slot));
        continue;
      }
      next++;
      if (slot > now) {
        kept.push(entry);
      } else {
        window.sent(now);
        places--;
        entry.go(now);
      }
    }
    waiting.push(...kept);
    if (kept.length > 0) cancelTimer = clock.after(times[next - kept.length]! - now, pump);
  };

  const waitForTurn = ({ deadline = Number.POSITIVE_INFINITY, signal }: PaceOptions): Promise<number> =>
    new Promise((resolve, reject) => {
      const leave = () => {
        waiting.splice(waiting.indexOf(entry), 1);
        reject(new AppError('Aborted', `${operation}: stopped while it waited for its turn`));
        pump();
      };
      const settle = (end: () => void) => {
        signal?.removeEventListener('abort', leave);
        end();
      };
      const entry: Waiting = {
        deadline,
        go: (at) => settle(() => resolve(at)),
        fail: (error) => settle(() => reject(error)),
      };
      if (signal?.aborted) return reject(new AppError('Aborted', `${operation}: stopped`));
      signal?.addEventListener('abort', leave, { once: true });
      waiting.push(entry);
      pump();
    });

  return {
    rate: () => rate.perSecond(),
    async run(work, options) {
      const slot = slots(places + 1).at(-1)!;
      if (slot > clock.now() && slot > (options.deadline ?? Number.POSITIVE_INFINITY)) throw refusal(slot);
      places++;
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
          pausedUntil = clock.now() + MIN_PAUSE_MS + random() * (MAX_PAUSE_MS - MIN_PAUSE_MS);
          pump();
        }
        throw error;
      } finally {
        if (sentAt === undefined) places--;
      }
    },
  };
}
