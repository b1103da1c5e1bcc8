/** A function of the library: a folder of this machine, without a deployment. */
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
  /** The command of a custom runtime; `/code/` in it stands for the folder. @default the managed runtime */
  readonly command?: readonly string[];
  /** Calls that one instance takes at once; custom runtimes only. @default 1 */
  readonly instanceConcurrency?: number;
  /** How events that are invoked asynchronously are handled. */
  readonly async?: AsyncConfig;
}

export interface AsyncConfig {
  /** Attempts after the first, 0 to 8. @default 3 */
  readonly maxRetries?: number;
  /** Seconds after which an event that waits is given up. @default 86400 */
  readonly maxAgeSeconds?: number;
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
  /** Whether the handler threw the error, instead of passing it to its callback. */
  readonly thrown?: boolean;
  readonly durationMs: number;
  readonly maxMemoryMb: number;
  /** The lines between `Start` and `End`, and the line of durations. */
  readonly log: string;
  /** `LATEST`, or the number of the version that ran. */
  readonly versionId: string;
  readonly instanceId: string;
}
