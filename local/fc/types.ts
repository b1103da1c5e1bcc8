import type { RequestListener } from 'node:http';
import type { InvocationResult } from './function.ts';

/** Function Compute on one machine: its invocation API of 2.0 and 3.0, and each instance a process. */
export interface LocalFc {
  readonly listener: RequestListener;
  /** Throws `FcRefusal` as the API answers. */
  invoke(name: string, event: Uint8Array): Promise<InvocationResult>;
  /** Accepts the event and gives its request id; see `settled`. */
  invokeAsync(name: string, event: Uint8Array, taskId?: string): string;
  /** Every run of a function that has ended, in order; the tries of one asynchronous event share its request id. */
  history(name: string): readonly InvocationResult[];
  /** Resolves when all that was accepted has come to its end. */
  settled(): Promise<void>;
  close(): Promise<void>;
}
