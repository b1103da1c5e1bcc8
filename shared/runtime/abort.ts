import { AppError } from './errors.ts';

/** Throws `Aborted` when the signal has fired. `what` names the operation that does not start or continue. */
export function assertNotAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw new AppError('Aborted', `${what}: stopped`);
}

/** Calls `fn` once when the signal fires, or at once if it has. The returned function stops listening. */
export function onAbort(signal: AbortSignal | undefined, fn: () => void): () => void {
  if (signal?.aborted) fn();
  else signal?.addEventListener('abort', fn, { once: true });
  return () => signal?.removeEventListener('abort', fn);
}

/**
 * A promise that `begin` settles, unless the signal rejects it first. Then the function that `begin` returned undoes what it
 * did: it leaves a queue or cancels a timer. If the signal has already fired, `begin` is not called.
 *
 * @param errorOf what the promise rejects with; by default the reason of the signal
 */
export function untilAborted<T>(
  signal: AbortSignal | undefined,
  begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  errorOf: (signal: AbortSignal) => unknown = ({ reason }) => reason,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(errorOf(signal));
    let undo = () => {};
    const stopListening = onAbort(signal, () => {
      undo();
      reject(errorOf(signal!));
    });
    undo = begin(
      (value) => {
        stopListening();
        resolve(value);
      },
      (error) => {
        stopListening();
        reject(error);
      },
    );
  });
}

/** The result of `work`, which may ignore the signal; `Aborted` as soon as the signal fires. */
export function orAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  return untilAborted<T>(
    signal,
    (resolve, reject) => {
      work().then(resolve, reject);
      return () => {};
    },
    () => new AppError('Aborted', 'stopped before the outcome was known'),
  );
}
