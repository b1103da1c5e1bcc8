import type { CropOptions } from '../../images/crop.ts';
import type { JpegLimits } from '../../images/encode-within.ts';
import type { ImageBounds, PictureFacts, Size } from '../../images/image.ts';
import type { RenderPlan } from '../../images/render.ts';
import { AppError, type ErrorCode, type ErrorDetails, toAppError } from '../../runtime/errors.ts';
import type { LocalEngineOptions } from '../engines/local/engine.ts';
import type { AttributeName, Box, Face } from '../face.ts';
import type { CallLimits, Excess } from './watch.ts';

/** How a process is started. */
export interface ProcessOptions {
  /** What finds faces; absent: pictures are only decoded and drawn. */
  readonly engine?: LocalEngineOptions;
  /** The parent cannot see what this process uses, so it looks at itself. */
  readonly watchesItself: boolean;
}

/** What a process is asked to do. `picture` is a number that names one of its open pictures. */
export type Call =
  | { readonly call: 'warm-up' }
  /** With the file. Answers what it costs, and nothing is decoded yet. */
  | { readonly call: 'inspect'; readonly picture: number; readonly bounds: ImageBounds }
  | { readonly call: 'decode'; readonly picture: number }
  | {
      readonly call: 'faces';
      readonly picture: number;
      readonly attributes: readonly AttributeName[];
      readonly embeddings: boolean;
    }
  | { readonly call: 'sharpness'; readonly picture: number; readonly box: Box }
  | { readonly call: 'encode'; readonly picture: number; readonly limits: JpegLimits }
  | {
      readonly call: 'crop';
      readonly picture: number;
      readonly box: Box;
      readonly options: CropOptions;
    }
  | { readonly call: 'render'; readonly picture: number; readonly plan: RenderPlan };

/** What each call answers, besides files. */
export interface Answers {
  'warm-up': null;
  inspect: { readonly memoryBytes: number; readonly processorMs: number };
  decode: PictureFacts;
  /** Embeddings are files, in the order of the faces. */
  faces: readonly Face[];
  sharpness: number;
  encode: Size;
  crop: null;
  /** Which of the files is which: those before the crops. */
  render: readonly ('annotated' | 'redacted' | 'mask')[];
}

export type CallName = Call['call'];

export type ToProcess =
  | { readonly id: number; readonly call: Call; readonly limits: CallLimits }
  /** Stops the call of this id as soon as it can be stopped. */
  | { readonly abort: number }
  /** Lets the picture of this number go. */
  | { readonly close: number };

export interface FromProcess {
  readonly id: number;
  readonly answer?: unknown;
  readonly failure?: Failure;
  /** The failure is a lack of memory. */
  readonly outOfMemory?: boolean;
  /** What the call cost, of all threads together. */
  readonly processorMs: number;
  /** Resident memory of the process. */
  readonly residentBytes: number;
  /** In place of an answer: a process that looks at itself is about to end because of this. */
  readonly exceeded?: Excess;
}

/** An error as it crosses: a class does not survive the way, its fields do. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly retryAfterMs?: number;
  readonly cause?: { readonly message: string; readonly code?: string };
}

export function toFailure(error: unknown): Failure {
  const { code, message, details, retryAfterMs, cause } = toAppError(error);
  return { code, message, details, retryAfterMs, cause: cause === undefined ? undefined : toCause(cause) };
}

function toCause(cause: unknown): Failure['cause'] {
  if (!(cause instanceof Error)) return { message: String(cause) };
  return { message: cause.message, code: (cause as NodeJS.ErrnoException).code };
}

export function fromFailure({ code, message, details, retryAfterMs, cause }: Failure): AppError {
  return new AppError(code, message, {
    details,
    cause: cause && Object.assign(new Error(cause.message), { code: cause.code }),
    retryAfterMs,
  });
}
