import type { Clock } from '../../runtime/clock.ts';
import type { Usage } from './usage.ts';

/** What a process may use for one call. */
export interface CallLimits {
  readonly processorMs: number;
  readonly memoryBytes: number;
}

export type Excess = 'processor' | 'memory' | 'silence';

/** How often a process at work is looked at. It may exceed a limit by what it uses in this time. */
const LOOK_EVERY_MS = 50;
/** A process that uses no processor and does not answer is given up after this many times its limit, by the clock. */
const SILENCE_FACTOR = 30;

/**
 * Looks at a process until it is told to stop, and calls `onExcess` once when the process exceeds a limit.
 *
 * Time on the clock is counted in looks: an instance that is frozen in between does not look, and nothing is over when it wakes.
 */
export function watchUsage(
  read: () => Usage | undefined,
  { processorMs, memoryBytes }: CallLimits,
  clock: Pick<Clock, 'after'>,
  onExcess: (excess: Excess) => void,
): () => void {
  const before = read();
  const maxLooks = Math.ceil((SILENCE_FACTOR * processorMs) / LOOK_EVERY_MS);
  let looks = 0;
  let cancel = () => {};

  const excessOf = (): Excess | undefined => {
    const now = read();
    if (before && now && now.processorMs - before.processorMs > processorMs) return 'processor';
    if (before && now && now.residentBytes - before.residentBytes > memoryBytes) return 'memory';
    return looks > maxLooks ? 'silence' : undefined;
  };
  const look = (): void => {
    looks++;
    const excess = excessOf();
    if (excess) onExcess(excess);
    else cancel = clock.after(LOOK_EVERY_MS, look);
  };
  cancel = clock.after(LOOK_EVERY_MS, look);
  return () => cancel();
}
