/** A function as it was deployed. */
export interface FunctionConfig {
  readonly name: string;
  /** Of Function Compute 2.0; any is taken when absent. */
  readonly service?: string;
  /** Absolute path of the folder that would be deployed. */
  readonly codeDir: string;
  /** `index.handler`. */
  readonly handler: string;
  readonly initializer?: string;
  readonly preStop?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** Path of the Node that runs it; the present one when absent. */
  readonly node?: string;
  /** Instances at most; more invocations at once are refused. Source: `reservedConcurrency`. */
  readonly maxInstances?: number;
  readonly async?: AsyncConfig;
}

export interface AsyncConfig {
  /** Tries after the first, 0 to 8. */
  readonly maxRetries?: number;
  /** Where the record of a success or of the last failure goes: `acs:mns:<region>:<account>:/queues/<name>/messages`. */
  readonly onSuccess?: string;
  readonly onFailure?: string;
}

/** What an invocation gave. */
export interface InvocationResult {
  readonly requestId: string;
  /** What the handler returned, or the description of its error. */
  readonly body: Buffer;
  /** Absent when the function succeeded. */
  readonly errorType?: 'HandledInvocationError' | 'UnhandledInvocationError';
  readonly durationMs: number;
  readonly maxMemoryMb: number;
  /** The lines between `Start` and `End`, and the line of durations. */
  readonly log: string;
}
