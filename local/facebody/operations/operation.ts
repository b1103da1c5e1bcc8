import type { Form } from '../form.ts';
import type { Galleries } from '../store/galleries.ts';
import type { Pictures } from '../pictures.ts';

/** A request that was authenticated and fits the quota. */
export interface OperationRequest {
  readonly form: Form;
  /** Where it came to, port included. */
  readonly host: string;
  /** Of the caller's account. */
  readonly galleries: Galleries;
  readonly pictures: Pictures;
  /** Gives the temporary URL of a picture that the operation made. */
  readonly publish: (bytes: Buffer) => string;
}

/** Gives what the answer holds as `Data`; `undefined` for an answer without. */
export type Operation = (request: OperationRequest) => Promise<unknown>;
