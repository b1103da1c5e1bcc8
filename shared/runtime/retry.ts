import type { RuntimeDeps } from './deps.ts';
import { type AppError, toAppError } from './errors.ts';
import type { Random } from './random.ts';

export interface Backoff {
  /** Upper bound of the first delay, in milliseconds. */
  readonly baseMs: number;
  /** Upper bound of every delay, in milliseconds. */
  readonly capMs: number;
}

/** Exponential delay with full jitter: a number in [0, min(cap, base × 2^attempt)], attempts counted from 0. */
export function backoffDelay(attempt: number, { baseMs, capMs }: Backoff, random: Random): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}

export interface RetryOptions extends Backoff, Pick<RuntimeDeps, 'clock' | 'random'> {
  /** Attempts in total, the first included. */
  readonly attempts: number;
  readonly signal?: AbortSignal;
}

/** Repeats `work` while it fails with a transient or throttled error, then throws the last error. */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(attempt);
    } catch (thrown) {
      const error = toAppError(thrown);
      if (attempt + 1 >= options.attempts || !isRetryable(error) || options.signal?.aborted) throw error;
      const delay = error.retryAfterMs ?? backoffDelay(attempt, options, options.random);
      await options.clock.sleep(delay, options.signal);
    }
  }
}

function isRetryable(error: AppError): boolean {
  return error.kind === 'transient' || error.kind === 'throttled';
}
