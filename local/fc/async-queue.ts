import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { AsyncConfig, InvocationResult } from './function.ts';

/** Sends a record to a destination. */
export type SendToDestination = (arn: string, record: string) => Promise<void>;

export interface AsyncInvocation {
  readonly requestId: string;
  readonly event: Uint8Array;
  readonly functionArn: string;
  readonly config: AsyncConfig;
  /** `undefined` if all instances are busy. */
  readonly run: () => Promise<InvocationResult> | undefined;
}

export interface AsyncQueue {
  accept(invocation: AsyncInvocation): void;
  /** Resolves when all accepted events have been handled. */
  settled(): Promise<void>;
}

/** doc: three attempts after the first. */
const MAX_RETRIES = 3;
/** doc: the first wait for a free instance, doubled each time; guess: its limit. */
const MIN_WAIT_MS = 500;
const MAX_WAIT_MS = 8000;

/** Runs each accepted event until it succeeds or no attempt is left, and then sends the destination a record. */
export function createAsyncQueue(options: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sendToDestination: SendToDestination;
}): AsyncQueue {
  const { clock, logger, sendToDestination } = options;
  const running = new Set<Promise<void>>();

  async function work(invocation: AsyncInvocation): Promise<void> {
    const { config, requestId } = invocation;
    const attempts = 1 + (config.maxRetries ?? MAX_RETRIES);
    for (let count = 1; ; count++) {
      const result = await runWhenFree(invocation.run);
      logger.info({ requestId, count, errorType: result.errorType ?? 'none' }, 'asynchronous invocation');
      // guess: the next attempt follows at once; no document names a delay.
      if (result.errorType !== undefined && count < attempts) continue;
      const arn = result.errorType === undefined ? config.onSuccess : config.onFailure;
      if (arn !== undefined) await sendToDestination(arn, recordOf(invocation, result, count));
      return;
    }
  }

  /** doc: waiting for an instance is not an attempt. */
  async function runWhenFree(run: AsyncInvocation['run']): Promise<InvocationResult> {
    for (let wait = MIN_WAIT_MS; ; wait = Math.min(wait * 2, MAX_WAIT_MS)) {
      const result = run();
      if (result) return result;
      await clock.sleep(wait);
    }
  }

  /** doc: the body for destinations. guess: its condition, and the response of a failure as text. */
  function recordOf(
    { event, functionArn }: AsyncInvocation,
    result: InvocationResult,
    count: number,
  ): string {
    const failed = result.errorType !== undefined;
    return JSON.stringify({
      timestamp: clock.now(),
      requestContext: {
        requestId: result.requestId,
        functionArn,
        condition: failed ? 'FunctionError' : 'Success',
        approximateInvokeCount: count,
      },
      requestPayload: Buffer.from(event).toString(),
      responseContext: { statusCode: 200, functionError: result.errorType ?? '' },
      responsePayload: result.body.toString(),
    });
  }

  return {
    accept(invocation) {
      const task = work(invocation).catch((error: unknown) =>
        logger.error({ requestId: invocation.requestId, err: error }, 'destination not reached'),
      );
      running.add(task);
      void task.then(() => running.delete(task));
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
