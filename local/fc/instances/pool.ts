import type { Clock } from '../../../shared/runtime/clock.ts';
import type { InvocationResult } from '../function.ts';
import { type Deployment, environmentOf } from './context.ts';
import { startCustomInstance } from './custom.ts';
import type { CallContext, CallResult, Instance, PassedAnswer, PassedRequest } from './instance.ts';
import type { InstanceConfig, IssueRoleKeys } from './instance-config.ts';
import { startManagedInstance } from './managed.ts';

/** The instances of one version of a function. */
export interface Pool {
  /** `undefined` if all instances are busy and no more are allowed. Rejects if the role cannot be assumed. */
  invoke(event: Uint8Array, requestId: string, signal?: AbortSignal): Promise<InvocationResult> | undefined;
  /** Passes a request of an HTTP trigger on, where the runtime takes one; `undefined` likewise. */
  pass(request: PassedRequest, requestId: string): Promise<PassedAnswer> | undefined;
  /** Whether the runtime takes requests of HTTP triggers as they are. */
  readonly passes: boolean;
  instances(): readonly InstanceInfo[];
  /** Instances that run or start, idle ones included. */
  size(): number;
  /** Ends an idle instance; `false` if there is none. */
  dropIdle(): boolean;
  /** Starts as many instances as have to be ready. */
  keepReady(count: number): Promise<void>;
  /** Takes no new calls; resolves when all others are done, and their instances have stopped. */
  close(): Promise<void>;
}

export interface InstanceInfo {
  readonly instanceId: string;
  readonly versionId: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly busy: boolean;
}

export interface PoolOptions extends Deployment {
  readonly clock: Clock;
  /** Issues the credentials of the function's role, for each invocation. */
  readonly issueRoleKeys: IssueRoleKeys;
  readonly newId: () => string;
  /** Whether one more instance may start. */
  readonly mayStart: () => boolean;
  /** Milliseconds after which an instance without a call ends. */
  readonly idleMs: number;
  /** Receives the output of the calls. */
  readonly onLog: (lines: LogLines) => void;
}

export interface LogLines {
  readonly text: string;
  readonly instanceId: string;
  readonly versionId: string;
}

interface Slot {
  readonly instanceId: string;
  readonly createdAt: number;
  calls: number;
  starting: Promise<Instance>;
  instance?: Instance;
  cancelIdle: () => void;
  /** The result of the initializer: its failure is that of the call that started the instance. */
  initialized?: Promise<CallResult | undefined>;
}

export function createPool(config: InstanceConfig, options: PoolOptions): Pool {
  const { clock, issueRoleKeys, newId, mayStart, idleMs } = options;
  const slots = new Set<Slot>();
  const running = new Set<Promise<unknown>>();
  let ready = 0;
  let closed = false;

  const start = (): Slot => {
    const instanceId = newId();
    const startInstance = config.command ? startCustomInstance : startManagedInstance;
    const environment = environmentOf(config, options, instanceId, issueRoleKeys());
    const slot: Slot = {
      instanceId,
      createdAt: clock.now(),
      calls: 0,
      cancelIdle: () => {},
      starting: startInstance(config, { ...options, id: instanceId, environment }),
    };
    slots.add(slot);
    void slot.starting.then(
      (instance) => {
        slot.instance = instance;
      },
      () => slots.delete(slot),
    );
    return slot;
  };

  /** A slot with room for one more call, the one with the most calls first: others may then become idle. */
  const acquire = (): Slot | undefined => {
    const free = [...slots].filter(
      ({ calls, instance }) => calls < config.concurrency && (instance?.isAlive() ?? true),
    );
    const slot =
      free.sort((left, right) => right.calls - left.calls)[0] ?? (mayStart() ? start() : undefined);
    if (!slot) return undefined;
    slot.cancelIdle();
    slot.calls++;
    return slot;
  };

  const release = (slot: Slot) => {
    slot.calls--;
    if (slot.instance && !slot.instance.isAlive()) slots.delete(slot);
    else if (slot.calls === 0) {
      if (closed) void track(end(slot));
      else slot.cancelIdle = clock.after(idleMs, () => slots.size > ready && void track(end(slot)));
    }
  };

  const initialize = async (slot: Slot, context: CallContext): Promise<CallResult | undefined> => {
    const { initializer } = config;
    if (!initializer) return undefined;
    const { handler, timeoutSeconds } = initializer;
    const instance = await slot.starting;
    const result = await instance.call(handler, context, { phase: 'Initialize', timeoutSeconds });
    // doc: a failed initializer fails the invocation, and the instance is replaced.
    if ('error' in result) {
      slots.delete(slot);
      await instance.stop();
    }
    return result;
  };

  async function serve(
    slot: Slot,
    event: Uint8Array,
    requestId: string,
    signal?: AbortSignal,
  ): Promise<InvocationResult> {
    const context = { requestId, credentials: issueRoleKeys() };
    const isFirst = slot.initialized === undefined;
    const instance = await slot.starting;
    const startedAt = clock.monotonic();
    slot.initialized ??= initialize(slot, context);
    const initialized = await slot.initialized;
    let log = isFirst ? (initialized?.log ?? '') : '';
    let answer: CallResult;
    if (initialized && 'error' in initialized) answer = initialized;
    else {
      const { timeoutSeconds } = config;
      const kill = () => instance.kill();
      signal?.addEventListener('abort', kill, { once: true });
      answer = await instance.call(config.handler, context, { phase: 'Invoke', event, timeoutSeconds });
      signal?.removeEventListener('abort', kill);
      log += answer.log;
    }
    const result = toInvocationResult(answer, {
      requestId,
      instanceId: slot.instanceId,
      log,
      durationMs: clock.monotonic() - startedAt,
      config,
    });
    options.onLog({ text: result.log, instanceId: slot.instanceId, versionId: config.versionId });
    return result;
  }

  async function passOn(slot: Slot, request: PassedRequest, requestId: string): Promise<PassedAnswer> {
    const context = { requestId, credentials: issueRoleKeys() };
    const instance = await slot.starting;
    slot.initialized ??= initialize(slot, context);
    const initialized = await slot.initialized;
    if (initialized && 'error' in initialized) {
      const body = Buffer.from(JSON.stringify(initialized.error));
      return { status: 412, headers: { 'content-type': 'application/json' }, body };
    }
    const { timeoutSeconds } = config;
    return instance.pass!(request, context, { phase: 'Invoke', timeoutSeconds });
  }

  const end = async (slot: Slot): Promise<void> => {
    slots.delete(slot);
    slot.cancelIdle();
    const instance = await slot.starting;
    const { preStop } = config;
    if (preStop && instance.isAlive() && slot.initialized) {
      const context = { requestId: newId(), credentials: issueRoleKeys() };
      const { handler, timeoutSeconds } = preStop;
      const { log } = await instance.call(handler, context, { phase: 'PreStop', timeoutSeconds });
      options.onLog({ text: log, instanceId: slot.instanceId, versionId: config.versionId });
    }
    await instance.stop();
  };

  const track = <T>(work: Promise<T>): Promise<T> => {
    running.add(work);
    const done = () => void running.delete(work);
    work.then(done, done);
    return work;
  };

  const occupy = <T>(work: (slot: Slot) => Promise<T>): Promise<T> | undefined => {
    if (closed) return undefined;
    let slot: Slot | undefined;
    try {
      slot = acquire();
    } catch (error) {
      return Promise.reject(error);
    }
    if (!slot) return undefined;
    const taken = slot;
    return track(work(taken).finally(() => release(taken)));
  };

  return {
    passes: config.command !== undefined,
    invoke: (event, requestId, signal) => occupy((slot) => serve(slot, event, requestId, signal)),
    pass: (request, requestId) => occupy((slot) => passOn(slot, request, requestId)),
    instances: () =>
      [...slots].map(({ instanceId, createdAt, calls }) => ({
        instanceId,
        versionId: config.versionId,
        createdAt,
        busy: calls > 0,
      })),
    size: () => slots.size,
    dropIdle() {
      const idle = [...slots].find(({ calls }) => calls === 0);
      if (!idle) return false;
      void track(end(idle));
      return true;
    },
    async keepReady(count) {
      ready = count;
      while (!closed && slots.size < ready && mayStart()) {
        const slot = start();
        slot.initialized = initialize(slot, { requestId: newId(), credentials: issueRoleKeys() });
        await slot.initialized;
      }
    },
    async close() {
      closed = true;
      for (const slot of [...slots]) if (slot.calls === 0) void track(end(slot));
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

interface Facts {
  readonly requestId: string;
  readonly instanceId: string;
  readonly log: string;
  readonly durationMs: number;
  readonly config: InstanceConfig;
}

function toInvocationResult(
  answer: CallResult,
  { requestId, instanceId, log, durationMs, config }: Facts,
): InvocationResult {
  const { maxMemoryMb } = answer;
  // doc: the last line of the log. A captured log bills whole milliseconds.
  const figures = [
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(durationMs)} ms`,
    `Memory Size: ${config.memoryMb} MB`,
    `Max Memory Used: ${maxMemoryMb.toFixed(2)} MB`,
  ];
  const common = {
    requestId,
    versionId: config.versionId,
    instanceId,
    durationMs,
    maxMemoryMb,
    log: `${log}RequestId: ${requestId}\n${figures.join(', ')}\n`,
  };
  if ('result' in answer) return { ...common, body: answer.result };
  return {
    ...common,
    body: Buffer.from(JSON.stringify(answer.error)),
    errorType: answer.handled ? 'HandledInvocationError' : 'UnhandledInvocationError',
    thrown: answer.thrown,
  };
}
