import { untilAborted } from '../../runtime/abort.ts';
import { AppError } from '../../runtime/errors.ts';

/** A pool of resources with a bounded wait queue. One holder at a time uses each resource. */
export interface ResourcePool<T> {
  /**
   * Waits for a free resource in the order of calls.
   *
   * Throws `Throttled` at once when the wait queue is full, so that the picture waits in its queue and not in memory.
   * Throws `Aborted` when the signal fires before the caller has a resource.
   */
  acquire(signal?: AbortSignal): Promise<Lease<T>>;
  /** Length of the wait queue. */
  waiting(): number;
}

export interface Lease<T> {
  readonly resource: T;
  /** Returns the resource to the pool. Idempotent. */
  release(): void;
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

  const release = (resource: T): void => {
    const [next] = queue;
    if (!next) return void free.push(resource);
    queue.delete(next);
    next(resource);
  };

  const lease = (resource: T): Lease<T> => {
    let isHeld = true;
    return {
      resource,
      release() {
        if (isHeld) release(resource);
        isHeld = false;
      },
    };
  };

  return {
    waiting: () => queue.size,
    async acquire(signal) {
      if (signal?.aborted) throw waitAborted(signal);
      // The resource that was used last: its memory is warm, and the others may never be needed.
      const resource = free.pop();
      if (resource !== undefined) return lease(resource);
      if (queue.size >= maxWaiting) {
        const message = `${resources.length} pictures are processed and ${queue.size} wait, which is the maximum`;
        throw new AppError('Throttled', message, {
          details: { waiting: queue.size, maxWaiting },
          retryAfterMs,
        });
      }
      const wait = (receive: (resource: T) => void) => {
        queue.add(receive);
        return () => queue.delete(receive);
      };
      return lease(await untilAborted(signal, wait, waitAborted));
    },
  };
}

function waitAborted({ reason }: AbortSignal): AppError {
  return new AppError('Aborted', 'the picture was stopped while it waited', { cause: reason });
}
