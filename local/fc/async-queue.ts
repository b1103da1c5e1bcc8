import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { AsyncConfig, InvocationResult } from './function.ts';

/** Brings a record to the destination of that name. */
export type SendToDestination = (arn: string, record: string) => Promise<void>;

export interface AsyncInvocation {
  readonly requestId: string;
  readonly event: Uint8Array;
  readonly functionArn: string;
  readonly config: AsyncConfig;
  /** `undefined` when there is no room now. */
  readonly run: () => Promise<InvocationResult> | undefined;
}

export interface AsyncQueue {
  accept(invocation: AsyncInvocation): void;
  /** Resolves when everything accepted so far has come to its end. */
  settled(): Promise<void>;
}

/** doc: three tries after the first. */
const MAX_RETRIES = 3;
/** doc: the first wait for a free instance, doubled each time; guess: its bound here, for people who wait. */
const NO_ROOM_MS = { first: 500, most: 8000 };

/** Runs what was accepted until it succeeds or has been tried often enough, and then tells the destination. */
export function createAsyncQueue(parts: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly send: SendToDestination;
}): AsyncQueue {
  const { clock, logger, send } = parts;
  const running = new Set<Promise<void>>();

  async function work(invocation: AsyncInvocation): Promise<void> {
    const { config, requestId } = invocation;
    const tries = 1 + (config.maxRetries ?? MAX_RETRIES);
    for (let count = 1; ; count++) {
      const result = await whenThereIsRoom(invocation.run);
      logger.info({ requestId, count, errorType: result.errorType ?? 'none' }, 'asynchronous invocation');
      // guess: tries follow each other at once; no document gives a wait.
      if (result.errorType !== undefined && count < tries) continue;
      const arn = result.errorType === undefined ? config.onSuccess : config.onFailure;
      if (arn !== undefined) await send(arn, recordOf(invocation, result, count));
      return;
    }
  }

  /** doc: waiting for an instance is no failure of the function, and counts no try. */
  async function whenThereIsRoom(run: AsyncInvocation['run']): Promise<InvocationResult> {
    for (let wait = NO_ROOM_MS.first; ; wait = Math.min(wait * 2, NO_ROOM_MS.most)) {
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
