/** A function as it was deployed. */
export interface FunctionConfig {
  readonly name: string;
  /** Its service in Function Compute 2.0. @default requests may name any service */
  readonly service?: string;
  /** Absolute path of the folder that would be deployed. */
  readonly codeDir: string;
  /** File and export, such as `index.handler`. */
  readonly handler: string;
  readonly initializer?: string;
  readonly preStop?: string;
  /** Environment variables. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** Path of the Node that runs it. @default the Node of this process */
  readonly node?: string;
  /** Invocations beyond this number of busy instances are refused. Source: `reservedConcurrency`. @default 100 */
  readonly maxInstances?: number;
  /** How events that are invoked asynchronously are handled. */
  readonly async?: AsyncConfig;
}

export interface AsyncConfig {
  /** Attempts after the first, 0 to 8. @default 3 */
  readonly maxRetries?: number;
  /**
   * Where the record of a success goes: `acs:mns:<region>:<account>:/queues/<name>/messages`.
   * @default nowhere
   */
  readonly onSuccess?: string;
  /** Where the record of the last failure goes. @default nowhere */
  readonly onFailure?: string;
}

/** The outcome of one invocation. */
export interface InvocationResult {
  readonly requestId: string;
  /** The handler's result, or the description of its error. */
  readonly body: Buffer;
  /** Absent if the function succeeded. */
  readonly errorType?: 'HandledInvocationError' | 'UnhandledInvocationError';
  readonly durationMs: number;
  readonly maxMemoryMb: number;
  /** The lines between `Start` and `End`, and the line of durations. */
  readonly log: string;
}
