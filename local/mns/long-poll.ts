import type { Clock } from '../../shared/runtime/clock.ts';

/** The waiting receivers of one queue, served in the order of arrival. */
export interface LongPolls<T> {
  /** Resolves to the first non-empty result of `take`; to an empty list after `waitMs` or if the signal aborts. */
  wait(take: () => T[], options: { waitMs: number; signal: AbortSignal }): Promise<T[]>;
  /** Lets the waiting receivers try `take` again. */
  wake(): void;
  waiting(): number;
  /** Rejects all waiting receivers. */
  fail(error: Error): void;
}

interface Waiter<T> {
  readonly take: () => T[];
  readonly finish: (taken: T[]) => void;
  readonly fail: (error: Error) => void;
}

export function createLongPolls<T>(clock: Clock): LongPolls<T> {
  const waiters = new Set<Waiter<T>>();
  return {
    wait(take, { waitMs, signal }) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return resolve([]);
        const leave = () => {
          cancelTimer();
          signal.removeEventListener('abort', giveUp);
          waiters.delete(waiter);
        };
        const waiter: Waiter<T> = {
          take,
          finish(taken) {
            leave();
            resolve(taken);
          },
          fail(error) {
            leave();
            reject(error);
          },
        };
        const giveUp = () => waiter.finish([]);
        const cancelTimer = clock.after(waitMs, giveUp);
        signal.addEventListener('abort', giveUp, { once: true });
        waiters.add(waiter);
      });
    },
    wake() {
      for (const waiter of [...waiters]) {
        const taken = waiter.take();
        if (taken.length === 0) break;
        waiter.finish(taken);
      }
    },
    waiting: () => waiters.size,
    fail(error) {
      for (const waiter of [...waiters]) waiter.fail(error);
    },
  };
}
