import { AppError } from '../../../runtime/errors.ts';

/** A pool of resources with a bounded wait queue. One caller at a time uses each resource. */
export interface ResourcePool<T> {
  /**
   * Waits for a free resource in the order of calls and holds it until `work` has ended.
   *
   * Throws `Throttled` at once when the wait queue is full, so that the picture waits in its queue and not in memory.
   * Throws `Aborted` when the signal fires before the caller has a resource.
   */
  use<R>(work: (resource: T) => Promise<R>, signal?: AbortSignal): Promise<R>;
  /** Length of the wait queue. */
  waiting(): number;
}

export interface ResourcePoolOptions {
  /** Maximum length of the wait queue. */
  readonly maxWaiting: number;
  /** Milliseconds after which a rejected caller may try again. */
  readonly retryAfterMs: number;
}

export function createResourcePool<T>(
  resources: readonly T[],
  { maxWaiting, retryAfterMs }: ResourcePoolOptions,
): ResourcePool<T> {
  const free = [...resources];
  const queue = new Set<(resource: T) => void>();

  const acquire = (signal?: AbortSignal): Promise<T> => {
    if (signal?.aborted) return Promise.reject(analysisAborted(signal));
    // The resource that was used last: its memory is warm, and the others may never be needed.
    const resource = free.pop();
    if (resource !== undefined) return Promise.resolve(resource);
    if (queue.size >= maxWaiting) {
      const message = `${resources.length} pictures are analyzed and ${queue.size} wait, which is the maximum`;
      return Promise.reject(
        new AppError('Throttled', message, { details: { waiting: queue.size, maxWaiting }, retryAfterMs }),
      );
    }
    return new Promise((resolve, reject) => {
      const receive = (given: T) => {
        signal?.removeEventListener('abort', leave);
        resolve(given);
      };
      const leave = () => {
        queue.delete(receive);
        reject(analysisAborted(signal!));
      };
      queue.add(receive);
      signal?.addEventListener('abort', leave, { once: true });
    });
  };

  const release = (resource: T): void => {
    const [next] = queue;
    if (!next) return void free.push(resource);
    queue.delete(next);
    next(resource);
  };

  return {
    waiting: () => queue.size,
    async use(work, signal) {
      const resource = await acquire(signal);
      try {
        return await work(resource);
      } finally {
        release(resource);
      }
    },
  };
}

/** The error of an analysis whose signal has fired. */
export function analysisAborted({ reason }: AbortSignal): AppError {
  return new AppError('Aborted', 'the analysis was stopped', { cause: reason });
}
