import type { UprightImage } from '../../../images/image.ts';
import { AppError, type ErrorCode, type ErrorDetails, toAppError } from '../../../runtime/errors.ts';
import type { AnalyzeOptions } from '../../engine.ts';
import type { Face } from '../../face.ts';

/** Messages from the pool to a thread. `id` connects an answer to its call. */
export type ToThread =
  | { readonly id: number; readonly call: 'warm-up' | 'close' }
  | {
      readonly id: number;
      readonly call: 'analyze';
      /** Its pixels are in shared memory, so that they are not copied with the message. */
      readonly image: UprightImage;
      readonly options: Pick<AnalyzeOptions, 'attributes' | 'embeddings'>;
    }
  | { readonly id: number; readonly call: 'abort' };

export type FromThread =
  | { readonly id: number; readonly faces: Face[] }
  | { readonly id: number; readonly failure: SerializedError };

/** An error as plain fields: a class is lost when a message is cloned. */
export interface SerializedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly retryAfterMs: number | undefined;
  readonly cause: unknown;
}

export function serializeError(error: unknown): SerializedError {
  const { code, message, details, retryAfterMs, cause } = toAppError(error);
  // The cause as text, because not every value can be cloned.
  return { code, message, details, retryAfterMs, cause: cause === undefined ? undefined : String(cause) };
}

export function deserializeError({ code, message, details, retryAfterMs, cause }: SerializedError): AppError {
  return new AppError(code, message, {
    details,
    cause,
    retryAfterMs,
  });
}
