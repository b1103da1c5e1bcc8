import { FcRefusal } from '../errors.ts';
import type { InvocationResult } from '../function.ts';
import type { PassedAnswer, PassedRequest } from '../instances/instance.ts';
import type { InstanceInfo } from '../instances/pool.ts';
import { type AsyncQueueDeps, openAsyncQueue } from './async-queue.ts';
import { LATEST, resolveVersion } from './resolve.ts';
import { createRunner, type RunnerDeps, type Target } from './run.ts';
import { type AsyncTasks, createAsyncTasks } from './tasks.ts';

export type { Target } from './run.ts';

/** The invocations of the deployed functions. */
export interface Invocations {
  /** Runs a function now. Throws `FcRefusal` as the API answers. */
  invoke(target: Target, event: Uint8Array): Promise<InvocationResult>;
  /** Accepts the event to run later and returns its request id; see `settled`. */
  invokeAsync(target: Target, event: Uint8Array, taskId?: string): Promise<string>;
  /** Passes a request of an HTTP trigger on; `'event'` if the runtime wants an event instead. */
  pass(target: Target, request: PassedRequest): Promise<PassedAnswer | 'event'>;
  history(name: string): readonly InvocationResult[];
  instances(name: string): readonly InstanceInfo[];
  readonly tasks: AsyncTasks;
  /** Resolves when all accepted events have been handled. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export type InvocationsDeps = RunnerDeps & Omit<AsyncQueueDeps, 'runner' | 'tasks'>;

/** doc: bytes of an event. */
const MAX_SYNC_BYTES = 32 * 1024 * 1024;
const MAX_ASYNC_BYTES = 128 * 1024;

export async function openInvocations(deps: InvocationsDeps): Promise<Invocations> {
  const { store, random, newId, clock } = deps;
  const runner = createRunner(deps);
  const tasks = createAsyncTasks(clock);
  const queue = await openAsyncQueue({ ...deps, runner, tasks });
  /** Throws for a function, version or alias that does not exist. */
  const checkTarget = ({ name, qualifier = LATEST }: Target) =>
    void resolveVersion(store.get(name), qualifier, random);

  return {
    tasks,
    async invoke(target, event) {
      checkTarget(target);
      checkSize(event, MAX_SYNC_BYTES);
      const result = await runner.run(target, event, newId());
      if (!result) throw new FcRefusal('ResourceExhausted');
      return result;
    },
    async invokeAsync(target, event, taskId) {
      checkTarget(target);
      checkSize(event, MAX_ASYNC_BYTES);
      const { name, qualifier = LATEST } = target;
      const requestId = newId();
      const payload = Buffer.from(event);
      if (taskId) tasks.add(name, { taskId, requestId, qualifier, payload: payload.toString() });
      await queue.accept({
        name,
        qualifier,
        requestId,
        event: payload.toString('base64'),
        acceptedAt: clock.now(),
        taskId: taskId || undefined,
      });
      return requestId;
    },
    async pass(target, request) {
      checkTarget(target);
      return runner.pass(target, request, newId());
    },
    history: runner.history,
    instances: runner.instances,
    settled: queue.settled,
    async close() {
      await queue.close();
      await runner.close();
    },
  };
}

function checkSize({ length }: Uint8Array, limit: number): void {
  if (length <= limit) return;
  throw new FcRefusal('InvalidArgument', `the event has ${length} bytes, the limit is ${limit}`);
}
