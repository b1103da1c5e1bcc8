import type { IncomingHttpHeaders } from 'node:http';
import type { Credentials } from '../../../shared/runtime/credentials.ts';

/** One process of a function. */
export interface Instance {
  readonly id: string;
  /** Calls a hook, or with an event the handler. Reports errors of the function instead of throwing them. */
  call(hook: string, context: CallContext, options: CallOptions): Promise<CallResult>;
  /** Passes a request of an HTTP trigger on; `undefined` where the runtime wants an event instead. */
  readonly pass?: (
    request: PassedRequest,
    context: CallContext,
    options: CallOptions,
  ) => Promise<PassedAnswer>;
  isAlive(): boolean;
  /** Kills it in the middle of its calls. */
  kill(): void;
  /** Lets it end by itself, and kills it if that takes too long. */
  stop(): Promise<void>;
}

/** What the function learns about a call. */
export interface CallContext {
  readonly requestId: string;
  readonly credentials: Credentials | undefined;
}

export interface CallOptions {
  readonly phase: 'Initialize' | 'Invoke' | 'PreStop';
  readonly event?: Uint8Array;
  readonly timeoutSeconds: number;
}

export type CallResult = { readonly maxMemoryMb: number; readonly log: string } & (
  | { readonly result: Buffer }
  | {
      readonly error: FunctionError;
      /** `false` if the process ended. */
      readonly handled: boolean;
      /** Whether the handler threw the error, instead of passing it to its callback. */
      readonly thrown?: boolean;
    }
);

/** doc: the body of a failed invocation. */
export interface FunctionError {
  readonly errorMessage: string;
  /** The class of an error that was thrown; absent for processes that ended. */
  readonly errorType?: string;
  readonly stackTrace?: readonly string[];
}

export interface PassedRequest {
  readonly method: string;
  /** Path and query in the function. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface PassedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Why a process ended before its answer. */
export type End = 'timeout' | 'memory' | { readonly exited: string };

/** The error of a process that ended. The texts are those of the service. */
export function errorOf(
  end: End,
  {
    durationMs,
    maxMemoryMb,
    timeoutSeconds,
  }: { durationMs: number; maxMemoryMb: number; timeoutSeconds: number },
): { error: FunctionError; handled: false; maxMemoryMb: number } {
  const errorMessage =
    end === 'timeout'
      ? `Function timed out after ${timeoutSeconds} seconds (maxMemoryUsage: ${maxMemoryMb.toFixed(2)}MB)`
      : `Process exited unexpectedly before completing request (duration: ${Math.round(durationMs)}ms, maxMemoryUsage: ${Math.round(maxMemoryMb)}MB)`;
  return { error: { errorMessage }, handled: false, maxMemoryMb };
}

/** A line of the log that says what the error of the service leaves out. */
export function noteOf(end: End, memoryMb: number): string {
  if (end === 'timeout') return '';
  if (end === 'memory') return `the instance needed more memory than ${memoryMb} MB and was killed\n`;
  return `the process ended: ${end.exited}\n`;
}
