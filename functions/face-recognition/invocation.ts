import pLimit from 'p-limit';
import type { OssObjectEvent } from '../../shared/envelope/event.ts';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import type { Pipeline } from '../../shared/pipeline/pipeline.ts';
import { onAbort } from '../../shared/runtime/abort.ts';
import { AppError, toAppError } from '../../shared/runtime/errors.ts';
import type { App } from './app.ts';
import { countOutcomes, failureOf, type InvocationReport, type RecordReport } from './report.ts';
import { assertSource } from './sources.ts';

export type InvokedApp = Pick<App, 'pipeline' | 'clock' | 'logger' | 'finished'> & {
  readonly options: Pick<App['options'], 'recordConcurrency' | 'sourceBuckets'>;
};

export interface InvocationLimits {
  /** By `clock.monotonic()`. */
  readonly deadline: number;
  /** Stops the work before the deadline. */
  readonly signal?: AbortSignal;
}

/** Records that are worked on before the next ones are looked at. */
const PIECE = 64;
/** Unreadable parts that are logged one by one. */
const MAX_LOGGED_FAULTS = 10;

/**
 * Processes every record of an event, piece by piece. After the deadline, records in progress are stopped and no other is
 * started: they are reported as undone. The finished records of an event that must be delivered again are remembered, so
 * that its next delivery continues where this one ended. Throws when the pipeline cannot be opened.
 */
export async function processEvents(
  input: unknown,
  app: InvokedApp,
  { deadline, signal }: InvocationLimits,
): Promise<InvocationReport> {
  const { clock, logger, options } = app;
  const process = await app.pipeline();
  const startedAt = clock.monotonic();
  const { events, faults } = openEnvelope(input);
  for (const { path, error } of faults.slice(0, MAX_LOGGED_FAULTS))
    logger.error({ path, code: error.code, reason: error.message }, 'part of the event is unreadable');
  const stop = new AbortController();
  const cancel = clock.after(deadline - clock.monotonic(), () => stop.abort());
  const stopListening = onAbort(signal, () => stop.abort());
  const limit = pLimit(options.recordConcurrency);
  const context = { signal: stop.signal, deadline };
  const records: RecordReport[] = [];
  for (let from = 0; from < events.length; from += PIECE) {
    const piece = events.slice(from, from + PIECE);
    const work = piece.map((event) => limit(processRecord, event, process, app, context));
    records.push(...(await Promise.all(work)));
  }
  cancel();
  stopListening();
  const report = {
    records,
    faults: faults.map(({ path, error, content }) => ({
      path,
      code: error.code,
      reason: error.message,
      content,
    })),
  };
  remember(report, app);
  logger.info({ ...countOutcomes(report), ms: clock.monotonic() - startedAt }, 'invocation');
  return report;
}

async function processRecord(
  event: OssObjectEvent,
  process: Pipeline,
  { finished, options }: InvokedApp,
  context: { signal: AbortSignal; deadline: number },
): Promise<RecordReport> {
  const { id, region, bucket, key, eventTime, record } = event;
  const named = { id, region, bucket, key, eventTime };
  const known = finished.get(nameOf(named));
  if (known) return known;
  try {
    assertSource(event, options.sourceBuckets);
    if (context.signal.aborted) throw new AppError('Aborted', 'the time of the invocation is over');
    return { ...named, ...(await process(event, context)) };
  } catch (thrown) {
    return { ...named, outcome: 'undone', error: toAppError(thrown), record };
  }
}

/** Only an event that must be delivered again is remembered, and only until it is done. */
function remember(report: InvocationReport, { finished }: InvokedApp): void {
  const comesAgain = failureOf(report) !== undefined;
  for (const record of report.records) {
    if (comesAgain && record.outcome !== 'undone') finished.set(nameOf(record), record);
    else finished.delete(nameOf(record));
  }
}

function nameOf({ bucket, key, id }: Pick<RecordReport, 'bucket' | 'key' | 'id'>): string {
  return JSON.stringify([bucket, key, id]);
}
