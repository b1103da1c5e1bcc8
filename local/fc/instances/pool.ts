import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Credentials } from '../../../shared/runtime/credentials.ts';
import type { FunctionConfig, InvocationResult } from '../function.ts';
import {
  contextOf,
  type Deployment,
  environmentOf,
  INITIALIZATION_SECONDS,
  PRE_STOP_SECONDS,
} from './context.ts';
import { type CallResult, type Instance, startInstance } from './instance.ts';

/** The instances of one function. */
export interface Pool {
  /** `undefined` if all instances are busy and no more are allowed. */
  invoke(event: Uint8Array, requestId: string): Promise<InvocationResult> | undefined;
  /** Runs the `preStop` hook of each instance and stops it. */
  close(): Promise<void>;
}

export interface PoolOptions extends Deployment {
  readonly clock: Clock;
  /** Issues the credentials of the function's role, for each invocation. */
  readonly issueCredentials: () => Credentials;
  readonly newId: () => string;
}

/** doc: instances per account and region. */
const MAX_INSTANCES = 100;

export function createPool(config: FunctionConfig, options: PoolOptions): Pool {
  const { clock, issueCredentials, newId } = options;
  const idle: Instance[] = [];
  const busy = new Set<Promise<InvocationResult>>();

  const open = () =>
    startInstance(config, environmentOf(config, options, newId(), issueCredentials()), clock);

  async function serve(event: Uint8Array, requestId: string): Promise<InvocationResult> {
    const context = contextOf(config, options, requestId, issueCredentials());
    const warm = idle.pop();
    const instance = warm ?? (await open());
    const startedAt = clock.monotonic();
    let log = '';
    let answer: CallResult | undefined;
    if (!warm && config.initializer) {
      const initialized = await instance.call(config.initializer, context, {
        phase: 'Initialize',
        timeoutSeconds: INITIALIZATION_SECONDS,
      });
      log = initialized.log;
      // doc: a failed initializer fails the invocation, and the instance is replaced.
      if ('error' in initialized) {
        answer = initialized;
        await instance.stop();
      }
    }
    if (!answer) {
      const { timeoutSeconds } = config;
      answer = await instance.call(config.handler, context, { phase: 'Invoke', event, timeoutSeconds });
      log += answer.log;
    }
    if (instance.isAlive()) idle.push(instance);
    return toInvocationResult(answer, { requestId, log, durationMs: clock.monotonic() - startedAt, config });
  }

  return {
    invoke(event, requestId) {
      if (busy.size >= (config.maxInstances ?? MAX_INSTANCES)) return undefined;
      const running = serve(event, requestId);
      busy.add(running);
      const done = () => void busy.delete(running);
      running.then(done, done);
      return running;
    },
    async close() {
      await Promise.allSettled(busy);
      await Promise.all(
        idle.splice(0).map(async (instance) => {
          if (config.preStop) {
            const context = contextOf(config, options, newId(), issueCredentials());
            await instance.call(config.preStop, context, {
              phase: 'PreStop',
              timeoutSeconds: PRE_STOP_SECONDS,
            });
          }
          await instance.stop();
        }),
      );
    },
  };
}

interface Facts {
  readonly requestId: string;
  readonly log: string;
  readonly durationMs: number;
  readonly config: FunctionConfig;
}

function toInvocationResult(
  answer: CallResult,
  { requestId, log, durationMs, config }: Facts,
): InvocationResult {
  const { maxMemoryMb } = answer;
  // doc: the last line of the log. guess: billing goes by whole milliseconds.
  const figures = [
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(durationMs)} ms`,
    `Memory Size: ${config.memoryMb} MB`,
    `Max Memory Used: ${maxMemoryMb.toFixed(2)} MB`,
  ];
  const common = {
    requestId,
    durationMs,
    maxMemoryMb,
    log: `${log}RequestId: ${requestId}\n${figures.join(', ')}\n`,
  };
  if ('result' in answer) return { ...common, body: answer.result };
  return {
    ...common,
    body: Buffer.from(JSON.stringify(answer.error)),
    errorType: answer.handled ? 'HandledInvocationError' : 'UnhandledInvocationError',
  };
}
