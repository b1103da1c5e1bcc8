import { untilAborted } from './abort.ts';

/** Time as a dependency, so that tests advance it instead of sleeping. */
export interface Clock {
  /** Milliseconds since the epoch. A person or NTP may set it forwards or back: never wait by it. */
  now(): number;
  /** Milliseconds since a moment of its own. It never jumps: for pauses, deadlines, ages and durations. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fn` once after `ms`; the returned function cancels it. */
  after(ms: number, fn: () => void): () => void;
}

/**
 * A clock whose time of day never jumps: it reads `base` once and then follows the time that passes. For times that are both
 * told to others and waited for.
 *
 * @param notBefore the earliest time of day to begin with, in milliseconds since the epoch
 */
export function steadyClock(base: Clock, notBefore = 0): Clock {
  const offset = Math.max(base.now(), notBefore) - base.monotonic();
  return { ...base, now: () => base.monotonic() + offset };
}

/** Node's longest timer. A longer one would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleepWith(systemClock, ms, signal),
  after(ms, fn) {
    // Node drops fractions of a millisecond: the timer would fire before its time.
    const timer = setTimeout(fn, Math.min(Math.max(0, Math.ceil(ms)), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

export interface AdvanceableClock extends Clock {
  /** Moves time forward and runs the timers that are due, in order. Promises settle in between. */
  advance(ms: number): Promise<void>;
}

export interface ManualClock extends AdvanceableClock {
  /** How many timers wait. A test asserts that none is left. */
  pending(): number;
  /** Sets the time of day forwards, or back if negative. No time passes. */
  jump(ms: number): void;
}

/** A clock that stands still until it is advanced. */
export function manualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let startedAt = start;
  const base = { now: () => startedAt, monotonic: () => 0, after: () => () => {} };
  const { ahead: _, ...clock } = aheadOf(base);
  return {
    ...clock,
    jump(ms) {
      startedAt += ms;
    },
  };
}

export interface TravellingClock extends AdvanceableClock {
  /** Milliseconds by which it is ahead of its base clock. */
  ahead(): number;
}

export function isTravelling(clock: Clock): clock is TravellingClock {
  return 'ahead' in clock;
}

/** Runs like its base clock, and moves ahead of it when `advance` is called. */
export function travellingClock(base: Clock): TravellingClock {
  return aheadOf(base);
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
  cancel: () => void;
}

type AheadClock = Omit<ManualClock, 'jump'> & TravellingClock;

function aheadOf(base: Pick<Clock, 'now' | 'monotonic' | 'after'>): AheadClock {
  let ahead = 0;
  let order = 0;
  const timers = new Set<Timer>();
  const monotonic = () => base.monotonic() + ahead;
  const moveTo = (time: number) => {
    ahead += Math.max(0, time - monotonic());
  };
  const fire = (timer: Timer) => {
    timers.delete(timer);
    timer.cancel();
    timer.fn();
  };
  const arm = (timer: Timer) => {
    timer.cancel();
    timer.cancel = base.after(timer.at - monotonic(), () => fire(timer));
  };

  const clock: AheadClock = {
    now: () => base.now() + ahead,
    monotonic,
    ahead: () => ahead,
    pending: () => timers.size,
    sleep: (ms, signal) => sleepWith(clock, ms, signal),
    after(ms, fn) {
      const timer: Timer = { at: monotonic() + Math.max(0, ms), order: order++, fn, cancel: () => {} };
      timers.add(timer);
      arm(timer);
      return () => {
        timers.delete(timer);
        timer.cancel();
      };
    },
    async advance(ms) {
      const end = monotonic() + ms;
      await settle();
      for (let timer = nextDue(timers, end); timer; timer = nextDue(timers, end)) {
        moveTo(timer.at);
        fire(timer);
        await settle();
      }
      moveTo(end);
      for (const timer of timers) arm(timer);
      await settle();
    },
  };
  return clock;
}

function nextDue(timers: Iterable<Timer>, limit: number): Timer | undefined {
  let next: Timer | undefined;
  for (const timer of timers) {
    if (timer.at > limit) continue;
    if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
  }
  return next;
}

/** One turn of the event loop: promise chains of any length settle, and ready sockets are served. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function sleepWith(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return untilAborted(signal, (resolve) => clock.after(ms, () => resolve()));
}
