import type { AppError } from './errors.ts';

/**
 * The result of delivering an event to a sink, or of handling a message.
 * - `accepted`: it has an outcome. A message is deleted.
 * - `retry`: deliver it again, not before `retryAfterMs` if given. `overloaded`: the other side had too much to do, whatever
 *   the event; it lowers the concurrency.
 * - `rejected`: it can never succeed. It goes to the dead letters; a message is deleted after that.
 */
export type Delivery = { readonly result: 'accepted' } | RetryDelivery | RejectedDelivery;

export interface RetryDelivery {
  readonly result: 'retry';
  readonly reason: string;
  readonly retryAfterMs?: number;
  readonly overloaded?: boolean;
}

export interface RejectedDelivery {
  readonly result: 'rejected';
  readonly reason: string;
  readonly code: string;
}

/** What an error means for the event or message that met it: its kind decides. */
export function deliveryOf({ code, kind, message, retryAfterMs }: AppError): Delivery {
  if (kind === 'permanent') return { result: 'rejected', reason: message, code };
  return {
    result: 'retry',
    reason: `${code}: ${message}`,
    retryAfterMs,
    overloaded: kind === 'throttled' || undefined,
  };
}
