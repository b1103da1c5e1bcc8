import { untilAborted } from '../../../runtime/abort.ts';
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

  const acquire = async (signal?: AbortSignal): Promise<T> => {
    if (signal?.aborted) throw analysisAborted(signal);
    // The resource that was used last: its memory is warm, and the others may never be needed.
    const resource = free.pop();
    if (resource !== undefined) return resource;
    if (queue.size >= maxWaiting) {
      const message = `${resources.length} pictures are analyzed and ${queue.size} wait, which is the maximum`;
      throw new AppError('Throttled', message, {
        details: { waiting: queue.size, maxWaiting },
        retryAfterMs,
      });
    }
    const wait = (receive: (resource: T) => void) => {
      queue.add(receive);
      return () => queue.delete(receive);
    };
    return untilAborted(signal, wait, analysisAborted);
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
