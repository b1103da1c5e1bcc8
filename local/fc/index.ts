import type { Clock } from '../../shared/runtime/clock.ts';
import type { Credentials } from '../../shared/runtime/credentials.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { FindTemporaryCredential } from '../sts.ts';
import type { Account } from '../types.ts';
import { createAsyncQueue, type SendToDestination } from './async-queue.ts';
import { createAuthenticate } from './authenticate.ts';
import { FcRefusal } from './errors.ts';
import type { FunctionConfig, InvocationResult } from './function.ts';
import { createListener } from './listener.ts';
import { createPool } from './pool.ts';
import type { LocalFc } from './types.ts';

export type { SendToDestination } from './async-queue.ts';
export type { FunctionConfig, InvocationResult } from './function.ts';
export type { LocalFc } from './types.ts';

export interface LocalFcOptions {
  readonly functions: readonly FunctionConfig[];
  readonly region: string;
  /** Whose keys may invoke; functions belong to the first. */
  readonly accounts: readonly Account[];
  readonly temporaryCredentials?: FindTemporaryCredential;
  readonly checkSignatures: boolean;
  /** Of the functions' role, anew for each invocation. */
  readonly issueCredentials: () => Credentials;
  readonly sendToDestination: SendToDestination;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** doc: bytes of an event. */
const MAX_SYNC_BYTES = 32 * 1024 * 1024;
const MAX_ASYNC_BYTES = 128 * 1024;

export function createLocalFc(options: LocalFcOptions): LocalFc {
  const { region, accounts, clock, random, logger } = options;
  const accountId = accounts[0]!.accountId;
  const newId = () => requestId(clock, random);
  const pools = new Map(
    options.functions.map((config) => [
      config.name,
      {
        config,
        pool: createPool(config, {
          region,
          accountId,
          clock,
          issueCredentials: options.issueCredentials,
          newId,
        }),
        history: [] as InvocationResult[],
      },
    ]),
  );
  const queue = createAsyncQueue({ clock, logger, send: options.sendToDestination });
  const tasks = new Set<string>();

  const find = (name: string) => {
    const found = pools.get(name);
    if (!found) throw new FcRefusal('FunctionNotFound', `function '${name}' does not exist`);
    return found;
  };
  const run = (name: string, event: Uint8Array, id: string): Promise<InvocationResult> | undefined => {
    const { pool, history } = find(name);
    return pool.invoke(event, id)?.then((result) => {
      history.push(result);
      return result;
    });
  };

  const fc: Omit<LocalFc, 'listener'> = {
    async invoke(name, event) {
      if (event.length > MAX_SYNC_BYTES) throw tooLarge(event, MAX_SYNC_BYTES);
      const result = run(name, event, newId());
      if (!result) throw new FcRefusal('ResourceExhausted', 'too many instances of the function are busy');
      return result;
    },
    invokeAsync(name, event, taskId) {
      const { config } = find(name);
      if (event.length > MAX_ASYNC_BYTES) throw tooLarge(event, MAX_ASYNC_BYTES);
      const task = taskId && `${name}/${taskId}`;
      // sdk: a task's id counts once; guess: the code is that of 2.0 in both versions.
      if (task && tasks.has(task)) {
        throw new FcRefusal('StatefulAsyncInvocationAlreadyExists', `task ${taskId} exists already`);
      }
      if (task) tasks.add(task);
      const id = newId();
      queue.accept({
        requestId: id,
        event,
        functionArn: `acs:fc:${region}:${accountId}:functions/${name}`,
        config: config.async ?? {},
        run: () => run(name, event, id),
      });
      return id;
    },
    history: (name) => [...find(name).history],
    settled: queue.settled,
    async close() {
      await queue.settled();
      await Promise.all([...pools.values()].map(({ pool }) => pool.close()));
    },
  };
  return {
    ...fc,
    listener: createListener({
      fc,
      authenticate: createAuthenticate(options),
      serviceOf: (name) => find(name).config.service,
      region,
      accountId,
      newId,
      clock,
      logger,
    }),
  };
}

function tooLarge(event: Uint8Array, bound: number): FcRefusal {
  return new FcRefusal('InvalidArgument', `the event has ${event.length} bytes, the bound is ${bound}`);
}

/** doc: `1-<seconds>-<8 digits>-<12 digits>`, in hex. */
function requestId(clock: Clock, random: Random): string {
  const hex = (digits: number) =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  return `1-${Math.floor(clock.now() / 1000).toString(16)}-${hex(8)}-${hex(12)}`;
}
