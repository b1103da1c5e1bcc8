import type { Clock } from '../../shared/runtime/clock.ts';
import type { Credentials } from '../../shared/runtime/credentials.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { FindTemporaryCredential } from '../access/account.ts';
import type { ObjectChange } from '../events/object-change.ts';
import type { FunctionConfig, InvocationResult } from './function.ts';

/** What functions need of a cloud: a `LocalCloud`, or the address of one in another process, which has no triggers. */
export interface CloudOfFunctions {
  readonly region: string;
  readonly accountId: string;
  /** The access key of the account that owns the functions. */
  readonly credentials: Credentials;
  readonly mns: { readonly url: string };
  readonly clock: Clock;
  /** Issues the credentials of the functions' role, for each invocation. */
  issueCredentials(): Credentials;
  /** Finds the temporary access keys that may invoke. @default there are none */
  readonly temporaryCredentials?: FindTemporaryCredential;
  /** Registers a listener for changes of objects and returns what removes it. @default OSS triggers never fire */
  onObjectChange?(listener: (change: ObjectChange) => void): () => void;
}

/** An OSS trigger. doc: one prefix and one suffix, no pattern. */
export interface OssTrigger {
  readonly name: string;
  readonly functionName: string;
  readonly bucket: string;
  /** `oss:ObjectCreated:PutObject`, as in a trigger's configuration. */
  readonly events: readonly string[];
  /** @default '' */
  readonly prefix?: string;
  /** @default '' */
  readonly suffix?: string;
}

export interface LocalFcOptions {
  /** As a function they receive the URL of the API, because one function may call another. */
  readonly functions: readonly FunctionConfig[] | ((url: string) => readonly FunctionConfig[]);
  /** @default none */
  readonly ossTriggers?: readonly OssTrigger[];
  /** 0 takes any free port. @default 0 */
  readonly port?: number;
  /** Milliseconds after which an instance without a call ends. @default 300000 */
  readonly idleMs?: number;
  /** @default true */
  readonly checkSignatures?: boolean;
  readonly random?: Random;
  readonly logger?: Logger;
}

/** The invocations of functions, without HTTP. */
export interface FunctionInvocations {
  /** Runs a function now. Throws a refusal as the API answers. */
  invoke(name: string, event: Uint8Array, qualifier?: string): Promise<InvocationResult>;
  /** Accepts the event to run later and resolves to its request id; see `settled`. */
  invokeAsync(name: string, event: Uint8Array, taskId?: string): Promise<string>;
  /** All finished runs of a function, in order; the attempts of one asynchronous event share its request id. */
  history(name: string): readonly InvocationResult[];
  /** How many processes run a function now. */
  instances(name: string): number;
  /** Resolves when all accepted events have been handled. */
  settled(): Promise<void>;
}

/** Function Compute on one machine: the APIs of 2.0 and 3.0; each instance is a process. */
export interface LocalFc extends FunctionInvocations {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  close(): Promise<void>;
}
