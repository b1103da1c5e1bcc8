import { onAbort } from '../../runtime/abort.ts';
import { AppError } from '../../runtime/errors.ts';

/** Things of which one user has one at a time, and a bounded line of users who wait. */
export interface Places<T> {
  /**
   * Waits for a free place, in the order of calls. Throws `Throttled` at once when the line is full, so that the picture waits in
   * its queue and not in memory; `Aborted` when the signal fires first.
   */
  take(signal?: AbortSignal): Promise<TakenPlace<T>>;
  /** How many wait. */
  waiting(): number;
}

export interface TakenPlace<T> {
  readonly item: T;
  /** It can be repeated. */
  release(): void;
}

export interface PlacesOptions {
  /** The longest line. */
  readonly maxWaiting: number;
  /** Milliseconds after which somebody who is sent away may come back. */
  readonly retryAfterMs: number;
}

export function createPlaces<T>(items: readonly T[], { maxWaiting, retryAfterMs }: PlacesOptions): Places<T> {
  const free = [...items];
  const line = new Set<(item: T) => void>();

  const giveBack = (item: T): void => {
    const [next] = line;
    if (!next) return void free.push(item);
    line.delete(next);
    next(item);
  };

  const taken = (item: T): TakenPlace<T> => {
    let isTaken = true;
    return {
      item,
      release() {
        if (isTaken) giveBack(item);
        isTaken = false;
      },
    };
  };

  return {
    waiting: () => line.size,
    async take(signal) {
      if (signal?.aborted) throw stopped(signal);
      // The last one that was used: its memory is warm, and others may never be needed.
      const item = free.pop();
      if (item !== undefined) return taken(item);
      if (line.size >= maxWaiting) {
        throw new AppError(
          'Throttled',
          `${items.length} pictures are in work and ${line.size} wait, which is the bound`,
          { details: { waiting: line.size, maxWaiting }, retryAfterMs },
        );
      }
      return new Promise((resolve, reject) => {
        const go = (given: T) => {
          stopListening();
          resolve(taken(given));
        };
        const stopListening = onAbort(signal, () => {
          line.delete(go);
          reject(stopped(signal!));
        });
        line.add(go);
      });
    },
  };
}

function stopped({ reason }: AbortSignal): AppError {
  return new AppError('Aborted', 'the picture was stopped while it waited', { cause: reason });
}
