import { type AppError, isAppError, toAppError } from '../../runtime/errors.ts';
import type { ReceivedMessage } from '../queue.ts';
import type { RecordDelivery } from './events.ts';

/**
 * What became of a message.
 * - `done`: every record of it has an outcome; it is deleted.
 * - `retry`: it is delivered again, not before `retryAfterMs`; `overloaded` lowers the concurrency.
 * - `dead`: it can never succeed; it goes to the dead letters and is deleted then.
 */
export type Outcome =
  | { readonly result: 'done' }
  | {
      readonly result: 'retry';
      readonly reason: string;
      readonly retryAfterMs?: number;
      readonly overloaded?: boolean;
    }
  | { readonly result: 'dead'; readonly reason: string; readonly code: string };

export interface HandleContext {
  /** Aborted when the message is lost, too old, or the consumer's deadline has passed. */
  readonly signal: AbortSignal;
  /** Tries under the present receipt, this one included. */
  readonly attempt: number;
  /** Tells the consumer's listeners of one record. */
  recordDelivered(delivery: RecordDelivery): void;
}

/** Works on one message. It must settle soon after the signal aborts; until then it takes a slot. */
export type Handle = (message: ReceivedMessage, context: HandleContext) => Promise<Outcome>;

/** What a thrown error means for the message: the kind decides. */
export function outcomeOf(thrown: unknown): Outcome {
  const error = toAppError(thrown);
  if (error.kind === 'permanent') return { result: 'dead', reason: error.message, code: error.code };
  return {
    result: 'retry',
    reason: `${error.code}: ${error.message}`,
    // Nothing succeeds until a person acts: try slowly, and do not blame the message.
    overloaded: error.kind === 'throttled' || error.kind === 'misconfigured',
    ...retryAfter(error),
  };
}

function retryAfter(error: AppError): { retryAfterMs?: number } {
  return isAppError(error) && error.retryAfterMs !== undefined ? { retryAfterMs: error.retryAfterMs } : {};
}
