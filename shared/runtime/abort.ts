import { AppError } from './errors.ts';

/** Throws `Aborted` when the signal has fired; `what` names the work that does not begin or go on. */
export function assertNotAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw new AppError('Aborted', `${what}: stopped`);
}
