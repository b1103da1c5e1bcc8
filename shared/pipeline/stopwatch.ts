import type { Clock } from '../runtime/clock.ts';
import type { Durations, Stage } from './outcome.ts';

/** Measures the stages of one picture. */
export interface Stopwatch {
  /** Runs `work` and adds its milliseconds to the stage, also when it fails. */
  time<T>(stage: Stage, work: () => Promise<T>): Promise<T>;
  readonly durations: Durations;
}

export function createStopwatch(clock: Pick<Clock, 'monotonic'>): Stopwatch {
  const durations: Durations = {};
  return {
    durations,
    async time(stage, work) {
      const start = clock.monotonic();
      try {
        return await work();
      } finally {
        durations[stage] = (durations[stage] ?? 0) + (clock.monotonic() - start);
      }
    },
  };
}
