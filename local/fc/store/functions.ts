import { type AsyncQueue, createAsyncQueue, type SendToDestination } from '../async-queue.ts';
import { FcRefusal } from '../errors.ts';
import type { FunctionConfig, InvocationResult } from '../function.ts';
import { createPool, type Pool, type PoolOptions } from '../instances/pool.ts';

export interface FunctionsOptions extends PoolOptions {
  readonly functions: readonly FunctionConfig[];
  readonly sendToDestination: SendToDestination;
  readonly logger: Parameters<typeof createAsyncQueue>[0]['logger'];
}

/** The deployed functions and their invocations. */
export interface Functions {
  /** Runs a function now. Throws `FcRefusal` as the API answers. */
  invoke(name: string, event: Uint8Array): Promise<InvocationResult>;
  /** Accepts the event to run later and returns its request id; see `settled`. */
  invokeAsync(name: string, event: Uint8Array, taskId?: string): string;
  /** All finished runs of a function, in order; the attempts of one asynchronous event share its request id. */
  history(name: string): readonly InvocationResult[];
  /** The service of Function Compute 2.0 that a function belongs to. Throws `FcRefusal` for an unknown function. */
  serviceOf(name: string): string | undefined;
  /** Resolves when all accepted events have been handled. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** doc: bytes of an event. */
const MAX_SYNC_BYTES = 32 * 1024 * 1024;
const MAX_ASYNC_BYTES = 128 * 1024;

interface Deployed {
  readonly config: FunctionConfig;
  readonly pool: Pool;
  readonly history: InvocationResult[];
}

export function createFunctions(options: FunctionsOptions): Functions {
  const { region, accountId, newId } = options;
  const deployed = new Map<string, Deployed>(
    options.functions.map((config) => [
      config.name,
      { config, pool: createPool(config, options), history: [] },
    ]),
  );
  const queue: AsyncQueue = createAsyncQueue(options);
  const tasks = new Set<string>();

  const find = (name: string): Deployed => {
    const found = deployed.get(name);
    if (!found) throw new FcRefusal('FunctionNotFound', `function '${name}' does not exist`);
    return found;
  };
  /** `undefined` if all instances are busy. */
  const run = (name: string, event: Uint8Array, id: string): Promise<InvocationResult> | undefined => {
    const { pool, history } = find(name);
    return pool.invoke(event, id)?.then((result) => {
      history.push(result);
      return result;
    });
  };

  return {
    async invoke(name, event) {
      checkSize(event, MAX_SYNC_BYTES);
      const result = run(name, event, newId());
      if (!result) throw new FcRefusal('ResourceExhausted');
      return result;
    },
    invokeAsync(name, event, taskId) {
      const { config } = find(name);
      checkSize(event, MAX_ASYNC_BYTES);
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
    serviceOf: (name) => find(name).config.service,
    settled: queue.settled,
    async close() {
      await queue.settled();
      await Promise.all([...deployed.values()].map(({ pool }) => pool.close()));
    },
  };
}

function checkSize({ length }: Uint8Array, limit: number): void {
  if (length <= limit) return;
  throw new FcRefusal('InvalidArgument', `the event has ${length} bytes, the limit is ${limit}`);
}
