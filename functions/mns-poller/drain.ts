import { readTimerEvent } from '../../shared/envelope/timer.ts';
import type { DrainReport } from '../../shared/mns/consumer/index.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { environmentCredentials, staticCredentials } from '../../shared/runtime/credentials.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import type { InvocationContext } from '../../shared/runtime/invocation-context.ts';
import { createLogger } from '../../shared/runtime/log.ts';
import { readPollerOptions } from './options.ts';
import { createPoller } from './poller.ts';

/** Milliseconds of the timeout that are reserved for the answer. */
const ANSWER_MS = 1000;

/** Rejects an invalid configuration before the first event. */
export function prepare(): void {
  readPollerOptions(process.env);
}

/** Drains the queue within the function's timeout. Throws when it could not read the queue at all. */
export async function drainOnTimer(event: Uint8Array, context: InvocationContext): Promise<DrainReport> {
  const startedAt = systemClock.monotonic();
  if (!readTimerEvent(event)) throw new AppError('EnvelopeUnknown', 'expected an event of a timer trigger');
  const options = readPollerOptions(process.env);
  const logger = createLogger({ level: options.logLevel }).child({ requestId: context.requestId });
  const { credentials } = context;
  // Created for each invocation: between two of them the instance is frozen, and connections are lost.
  const { consumer, close } = await createPoller(options, {
    credentials: credentials ? staticCredentials(credentials) : environmentCredentials(),
    clock: systemClock,
    random: Math.random,
    logger,
  });
  const spentMs = systemClock.monotonic() - startedAt;
  const report = await consumer.drain({ budgetMs: context.function.timeout * 1000 - spentMs - ANSWER_MS });
  await close();
  logger.info({ ...report }, 'queue drained');
  if (report.failure !== undefined && report.received === 0)
    throw new AppError('ServiceUnavailable', report.failure);
  return report;
}
