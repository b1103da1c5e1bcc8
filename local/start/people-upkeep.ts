import type { FactStore } from '../../shared/people/fact-store.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { toAppError } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/log.ts';

export interface PeopleUpkeepOptions {
  readonly facts: FactStore;
  /** Writes the names of people to the results. */
  readonly apply: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds between two looks at the facts; twice as long as the last look took, if that is more. @default 1000 */
  readonly intervalMs?: number;
}

/** Keeps results in agreement with people while the program runs. */
export interface PeopleUpkeep {
  /** A picture or a photo was processed: names may have changed. */
  touch(): void;
  stop(): Promise<void>;
}

export function startPeopleUpkeep(options: PeopleUpkeepOptions): PeopleUpkeep {
  const { facts, apply, clock, logger, intervalMs = 1000 } = options;
  const stopping = new AbortController();
  let touched = true;
  let seen = -1;

  const look = async (): Promise<void> => {
    const count = (await facts.read(stopping.signal)).length;
    if (!touched && count === seen) return;
    touched = false;
    await apply(stopping.signal);
    seen = count;
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const started = clock.now();
      try {
        await look();
      } catch (thrown) {
        if (stopping.signal.aborted) return;
        // The next look does what this one did not.
        touched = true;
        const { code, message } = toAppError(thrown);
        logger.warn({ code, reason: message }, 'names of people not written to results');
      }
      const pause = Math.max(intervalMs, 2 * (clock.now() - started));
      await clock.sleep(pause, stopping.signal).catch(() => {});
    }
  };
  const running = run();

  return {
    touch() {
      touched = true;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
