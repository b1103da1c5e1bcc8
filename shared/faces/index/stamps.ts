import type { Clock } from '../../runtime/clock.ts';

/**
 * Makes unique texts of `[A-Za-z0-9-]` that sort in the order in which they are made: within an instance always, between
 * instances as far as their clocks agree.
 */
export function createStamps(clock: Pick<Clock, 'now'>, newId: () => string): () => string {
  let time = 0;
  let number = 0;
  return () => {
    const now = Math.max(time, clock.now());
    number = now === time ? number + 1 : 0;
    time = now;
    return `${String(now).padStart(14, '0')}-${String(number).padStart(6, '0')}-${newId()}`;
  };
}

/** When the stamp was made, in milliseconds since the epoch. */
export function timeOf(stamp: string): number {
  return Number(stamp.slice(0, 14));
}
