import type { UprightImage } from '../../../images/image.ts';
import { AppError, type ErrorCode, type ErrorDetails, toAppError } from '../../../runtime/errors.ts';
import type { AnalyzeOptions } from '../../engine.ts';
import type { Face } from '../../face.ts';

/** What crosses between the pool and a thread; `id` ties an answer to its call. */
export type ToThread =
  | { readonly id: number; readonly call: 'warm-up' | 'close' }
  | {
      readonly id: number;
      readonly call: 'analyze';
      /** Its pixels lie in shared memory, so that the message does not carry them. */
      readonly image: UprightImage;
      readonly options: Pick<AnalyzeOptions, 'attributes' | 'embeddings'>;
    }
  | { readonly id: number; readonly call: 'abort' };

export type FromThread =
  | { readonly id: number; readonly faces: Face[] }
  | { readonly id: number; readonly failure: Failure };

/** An error as it crosses: a class does not survive the way, its fields do. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly retryAfterMs: number | undefined;
  readonly cause: unknown;
}

export function toFailure(error: unknown): Failure {
  const { code, message, details, retryAfterMs, cause } = toAppError(error);
  // Whatever it was: not every value can be cloned, its text can.
  return { code, message, details, retryAfterMs, cause: cause === undefined ? undefined : String(cause) };
}

export function fromFailure({ code, message, details, retryAfterMs, cause }: Failure): AppError {
  return new AppError(code, message, {
    details,
    cause,
    retryAfterMs,
  });
}
