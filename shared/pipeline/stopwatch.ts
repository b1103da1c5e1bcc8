import type { Clock } from '../runtime/clock.ts';
import type { Stage } from './outcome.ts';

/** Measures stages of one image. */
export interface Stopwatch {
  /** Runs `work` and adds its milliseconds to the stage, also when it fails. */
  time<T>(stage: Stage, work: () => Promise<T>): Promise<T>;
  readonly durations: Partial<Record<Stage, number>>;
}

export function createStopwatch(clock: Pick<Clock, 'now'>): Stopwatch {
  const durations: Partial<Record<Stage, number>> = {};
  return {
    durations,
    async time(stage, work) {
      const start = clock.now();
      try {
        return await work();
      } finally {
        durations[stage] = (durations[stage] ?? 0) + (clock.now() - start);
      }
    },
  };
}
