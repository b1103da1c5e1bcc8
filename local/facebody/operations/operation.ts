import type { Form } from '../form.ts';
import type { Pictures } from '../pictures.ts';
import type { Galleries } from '../store/galleries.ts';

/** A request that is authentic and within the quota. */
export interface OperationRequest {
  readonly form: Form;
  /** Host and port to which it was sent. */
  readonly host: string;
  /** The databases of the caller's account. */
  readonly galleries: Galleries;
  readonly pictures: Pictures;
  /** Stores a picture that the operation made and returns its temporary URL. */
  readonly publish: (bytes: Buffer) => string;
}

/** Returns the `Data` of the answer; `undefined` for an answer without `Data`. */
export type Operation = (request: OperationRequest) => Promise<unknown>;
