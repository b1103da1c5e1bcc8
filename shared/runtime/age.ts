import type { Clock } from './clock.ts';

/** A point in time, by both readings of a clock. */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

export function momentOf(clock: Clock): Moment {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}

/**
 * Milliseconds since the moment, by whichever reading says more; infinity without a moment. For what is cached: while a
 * function is frozen no monotonic time passes, and the time of day may be set back.
 */
export function ageOf(moment: Moment | undefined, clock: Clock): number {
  if (!moment) return Number.POSITIVE_INFINITY;
  return Math.max(clock.monotonic() - moment.monotonic, Math.abs(clock.now() - moment.wall));
}
