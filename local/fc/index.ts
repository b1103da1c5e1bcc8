import type { RequestListener } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Credentials } from '../../shared/runtime/credentials.ts';
import { type Logger, silentLogger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { FindTemporaryCredential } from '../access/account.ts';
import { createKeyring } from '../access/keyring.ts';
import type { ObjectChange } from '../events/object-change.ts';
import { hexId } from '../http/ids.ts';
import { listen } from '../http/server.ts';
import { createAuthenticate } from './authenticate.ts';
import { createDestinations } from './destinations.ts';
import type { FunctionConfig } from './function.ts';
import { createListener } from './listener.ts';
import { type OssTrigger, ossTriggerEvent } from './oss-trigger.ts';
import { createFunctions, type Functions } from './store/functions.ts';

export type { AsyncConfig, FunctionConfig, InvocationResult } from './function.ts';
export type { OssTrigger } from './oss-trigger.ts';

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

/**
 * Starts Function Compute beside a local cloud, with its API on loopback.
 *
 * @example
 * const fc = await startLocalFc(cloud, {
 *   functions: [
 *     { name: 'hello', codeDir: '/app/dist', handler: 'index.handler', environment: {}, timeoutSeconds: 60, memoryMb: 512 },
 *   ],
 * });
 * const { body } = await fc.invoke('hello', Buffer.from('{}'));
 * await fc.close();
 */
export async function startLocalFc(cloud: CloudOfFunctions, options: LocalFcOptions): Promise<LocalFc> {
  const {
    ossTriggers = [],
    port = 0,
    checkSignatures,
    random = Math.random,
    logger = silentLogger,
  } = options;
  const { region, accountId, credentials, clock, temporaryCredentials, issueCredentials } = cloud;
  let listener: RequestListener = (_, response) => void response.writeHead(503).end();
  const server = await listen((request, response) => listener(request, response), { port });
  const { url } = server;
  const destinations = createDestinations({ mnsUrl: cloud.mns.url, credentials, clock });
  const accounts = [{ accountId, ...credentials }];
  const keyring = createKeyring({ accounts, temporaryCredentials, checkSignatures, clock });
  const newId = () => newRequestId(clock, random);
  const { serviceOf, ...functions } = createFunctions({
    functions: typeof options.functions === 'function' ? options.functions(url) : options.functions,
    region,
    accountId,
    issueCredentials,
    sendToDestination: destinations.send,
    newId,
    clock,
    logger,
  });
  const authenticate = createAuthenticate(keyring, clock);
  listener = createListener({
    functions: { ...functions, serviceOf },
    authenticate,
    accountId,
    newId,
    clock,
    logger,
  });
  const unsubscribe = cloud.onObjectChange?.((change) => {
    for (const trigger of ossTriggers) {
      const event = ossTriggerEvent(trigger, change, region);
      // doc: OSS triggers invoke asynchronously.
      if (event) functions.invokeAsync(trigger.functionName, event);
    }
  });
  return {
    ...functions,
    url,
    async close() {
      unsubscribe?.();
      server.stopListening();
      await functions.close();
      destinations.close();
      await server.close();
    },
  };
}

/** doc: `1-<seconds>-<8 digits>-<12 digits>`, in lower-case hex. */
function newRequestId(clock: Clock, random: Random): string {
  const seconds = Math.floor(clock.now() / 1000).toString(16);
  return `1-${seconds}-${hexId(random, 8)}-${hexId(random, 12)}`.toLowerCase();
}
