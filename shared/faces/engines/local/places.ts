import { AppError } from '../../../runtime/errors.ts';

/** Things of which one user has one at a time, and a bounded line of those who wait for one. */
export interface Places<T> {
  /**
   * Waits for a free place in the order of calls and keeps it until `work` has ended. Throws `Throttled` at once when
   * the line is full, so that the picture waits in its queue and not in memory; `Aborted` when the signal says so before
   * it is its turn.
   */
  use<R>(work: (place: T) => Promise<R>, signal?: AbortSignal): Promise<R>;
  /** How many wait. */
  waiting(): number;
}

export interface PlacesOptions {
  /** The longest line. */
  readonly maxWaiting: number;
  /** Milliseconds after which somebody who is sent away may come back. */
  readonly retryAfterMs: number;
}

export function createPlaces<T>(items: readonly T[], { maxWaiting, retryAfterMs }: PlacesOptions): Places<T> {
  const free = [...items];
  const line = new Set<(place: T) => void>();

  const take = (signal?: AbortSignal): Promise<T> => {
    if (signal?.aborted) return Promise.reject(stopped(signal));
    // The last one that was used: its memory is warm, and others may never be needed.
    const place = free.pop();
    if (place !== undefined) return Promise.resolve(place);
    if (line.size >= maxWaiting) {
      const message = `${items.length} pictures are looked at and ${line.size} wait, which is the bound`;
      return Promise.reject(
        new AppError('Throttled', message, { details: { waiting: line.size, maxWaiting }, retryAfterMs }),
      );
    }
    return new Promise((resolve, reject) => {
      const go = (given: T) => {
        signal?.removeEventListener('abort', leave);
        resolve(given);
      };
      const leave = () => {
        line.delete(go);
        reject(stopped(signal!));
      };
      line.add(go);
      signal?.addEventListener('abort', leave, { once: true });
    });
  };

  const giveBack = (place: T): void => {
    const [next] = line;
    if (!next) return void free.push(place);
    line.delete(next);
    next(place);
  };

  return {
    waiting: () => line.size,
    async use(work, signal) {
      const place = await take(signal);
      try {
        return await work(place);
      } finally {
        giveBack(place);
      }
    },
  };
}

function stopped({ reason }: AbortSignal): AppError {
  return new AppError('Aborted', 'the analysis was stopped', { cause: reason });
}
