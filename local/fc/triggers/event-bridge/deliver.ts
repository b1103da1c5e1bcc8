import { createMnsClient } from '../../../../shared/mns/client.ts';
import { staticCredentials } from '../../../../shared/runtime/credentials.ts';
import { FcRefusal } from '../../errors.ts';
import type { BridgeTriggerConfig } from '../../settings/trigger.ts';
import { type TriggerDeps, type TriggerOf, targetOf } from '../runner.ts';

/** An event of EventBridge, in the form of CloudEvents. */
export type BridgeEvent = Readonly<Record<string, unknown>> & { readonly id: string };

/** Hands a batch to the function until it is done; resolves when nothing more will happen to it. */
export type DeliverBatch = (
  events: readonly BridgeEvent[],
  signal: AbortSignal,
) => Promise<'done' | 'stopped'>;

/** doc: retries and the longest time of an event. */
const STRATEGIES = {
  BACKOFF_RETRY: { attempts: 3, delayMs: (_: number, random: () => number) => 10_000 + 10_000 * random() },
  EXPONENTIAL_DECAY_RETRY: {
    attempts: 176,
    delayMs: (failures: number) => 1000 * 2 ** Math.min(failures, 9),
  },
} as const;
const DAY_SECONDS = 86_400;

/**
 * doc: a batch is retried as a whole. What no retry helps goes to the dead letters, or is dropped; with `errorsTolerance`
 * NONE the source waits instead.
 */
export function createBatchDelivery(
  of: TriggerOf,
  config: BridgeTriggerConfig,
  deps: TriggerDeps,
): DeliverBatch {
  const { invocations, clock, random, logger } = deps;
  const { errorsTolerance = 'NONE', retryStrategy, deadLetterQueue, mode } = config.runOptions ?? {};
  const {
    PushRetryStrategy = 'BACKOFF_RETRY',
    MaximumRetryAttempts,
    MaximumEventAgeInSeconds,
  } = retryStrategy ?? {};
  const strategy = STRATEGIES[PushRetryStrategy];
  const maxAttempts = 1 + Math.min(MaximumRetryAttempts ?? strategy.attempts, strategy.attempts);
  const maxAgeMs = 1000 * Math.min(MaximumEventAgeInSeconds || DAY_SECONDS, DAY_SECONDS);
  const { eventSchema = 'CloudEvents', mode: sinkMode } = config.eventSinkConfig?.deliveryOption ?? {};
  const isStreaming = (sinkMode ?? mode ?? 'event-streaming') === 'event-streaming';
  const log = { functionName: of.functionName, trigger: of.trigger.triggerName };

  const payloads = (events: readonly BridgeEvent[]): Buffer[] => {
    const given = events.map((event) => (eventSchema === 'RawData' ? rawOf(event) : event));
    // doc: a stream sends a list, also of one; an event bus sends each event by itself.
    const wholes: unknown[] = isStreaming ? [given] : given;
    return wholes.map((whole) => Buffer.from(typeof whole === 'string' ? whole : JSON.stringify(whole)));
  };

  /** Why the function did not take it; `undefined` if it did. */
  const attempt = async (payload: Buffer): Promise<string | undefined> => {
    try {
      if (config.asyncInvocationType) {
        await invocations.invokeAsync(targetOf(of), payload);
        return undefined;
      }
      const { errorType, body } = await invocations.invoke(targetOf(of), payload);
      return errorType === undefined ? undefined : `${errorType}: ${body.toString().slice(0, 500)}`;
    } catch (error) {
      if (error instanceof FcRefusal) return `${error.code}: ${error.message}`;
      throw error;
    }
  };

  const untilTaken = async (payload: Buffer, signal: AbortSignal): Promise<'done' | 'stopped' | string> => {
    const startedAt = clock.now();
    for (let failures = 0; ; failures++) {
      const reason = await attempt(payload);
      if (reason === undefined) return 'done';
      const isOver = failures + 1 >= maxAttempts || clock.now() - startedAt > maxAgeMs;
      if (isOver && errorsTolerance === 'ALL') return reason;
      logger.info({ ...log, failures, reason }, 'batch of events to be retried');
      const wait = strategy.delayMs(failures, random);
      await clock.sleep(wait, signal).catch(() => {});
      if (signal.aborted) return 'stopped';
    }
  };

  const bury = async (events: readonly BridgeEvent[], reason: string) => {
    const queue = /^acs:mns:[^:]*:\d*:\/queues\/([^/]+)$/.exec(deadLetterQueue?.Arn ?? '')?.[1];
    if (queue === undefined) return logger.error({ ...log, reason }, 'events were dropped');
    const client = createMnsClient({
      endpoint: deps.mnsUrl,
      credentials: staticCredentials(deps.credentials),
      clock,
      timeoutMs: 10_000,
    });
    try {
      for (const event of events) await client.queue(queue).send(JSON.stringify(event));
    } finally {
      client.close();
    }
    return logger.warn({ ...log, reason, queue }, 'events went to the dead letters');
  };

  return async (events, signal) => {
    const batches = isStreaming ? [events] : events.map((event) => [event]);
    for (const [index, payload] of payloads(events).entries()) {
      const outcome = await untilTaken(payload, signal);
      if (outcome === 'stopped') return 'stopped';
      if (outcome !== 'done') await bury(batches[index]!, outcome);
    }
    return 'done';
  };
}

/** doc: the bare data. */
function rawOf({ data }: BridgeEvent): unknown {
  const body = (data as { messageBody?: unknown } | undefined)?.messageBody;
  return body ?? data;
}
