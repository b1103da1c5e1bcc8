import type { Clock } from '../../shared/runtime/clock.ts';
import type { Credentials } from '../../shared/runtime/credentials.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { FindTemporaryCredential } from '../access/account.ts';
import type { ObjectChange } from '../events/object-change.ts';
import type { FunctionConfig } from './function.ts';
import type { OssTrigger } from './oss-trigger.ts';
import type { Functions } from './store/functions.ts';

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

export interface LocalFcOptions {
  /** As a function they receive the URL of the API, because one function may call another. */
  readonly functions: readonly FunctionConfig[] | ((url: string) => readonly FunctionConfig[]);
  /** @default none */
  readonly ossTriggers?: readonly OssTrigger[];
  /** 0 takes any free port. @default 0 */
  readonly port?: number;
  /** @default true */
  readonly checkSignatures?: boolean;
  readonly random?: Random;
  readonly logger?: Logger;
}

/** Function Compute on one machine: the invocation API of 2.0 and 3.0; each instance is a process. */
export interface LocalFc extends Omit<Functions, 'serviceOf'> {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
}
