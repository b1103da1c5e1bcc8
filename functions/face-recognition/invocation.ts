import pLimit from 'p-limit';
import type { OssObjectEvent } from '../../shared/envelope/event.ts';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import type { Outcome } from '../../shared/pipeline/outcome.ts';
import type { Pipeline } from '../../shared/pipeline/pipeline.ts';
import { AppError, type ErrorCode, type ErrorKind, toAppError } from '../../shared/runtime/errors.ts';
import type { App } from './app.ts';

/** The result of one record: its outcome, or the error for which it must be delivered again. */
export type RecordReport = Pick<OssObjectEvent, 'id' | 'region' | 'bucket' | 'key' | 'eventTime'> &
  (Outcome | { readonly outcome: 'undone'; readonly error: AppError });

/** The result of an event as a whole; each part of it is in one of the lists. */
export interface InvocationReport {
  /** In the order of the event. */
  readonly records: readonly RecordReport[];
  /** Parts that could not be read; `path` leads from the event to the part. */
  readonly faults: readonly { readonly path: string; readonly code: ErrorCode; readonly reason: string }[];
}

export type InvokedApp = Pick<App, 'pipeline' | 'clock' | 'logger'> & {
  readonly options: Pick<App['options'], 'recordConcurrency'>;
};

export interface InvocationLimits {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Stops the work before the deadline. */
  readonly signal?: AbortSignal;
}

/**
 * Processes every record of an event. After the deadline, records in progress are stopped and no other is started: they are
 * reported as undone. Throws when the pipeline cannot be opened.
 */
export async function processEvents(
  input: unknown,
  { pipeline, clock, logger, options }: InvokedApp,
  { deadline, signal }: InvocationLimits,
): Promise<InvocationReport> {
  const process = await pipeline();
  const startedAt = clock.now();
  const { events, faults } = openEnvelope(input);
  for (const { path, error } of faults) {
    logger.error({ path, code: error.code, reason: error.message }, 'part of the event is unreadable');
  }
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  const cancel = clock.after(deadline - clock.now(), onAbort);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const limit = pLimit(options.recordConcurrency);
  const context = { signal: stop.signal, deadline };
  const records = await Promise.all(events.map((event) => limit(processRecord, event, process, context)));
  cancel();
  signal?.removeEventListener('abort', onAbort);
  const report = {
    records,
    faults: faults.map(({ path, error }) => ({ path, code: error.code, reason: error.message })),
  };
  logger.info({ ...countOutcomes(report), ms: clock.now() - startedAt }, 'invocation');
  return report;
}

async function processRecord(
  event: OssObjectEvent,
  process: Pipeline,
  context: { signal: AbortSignal; deadline: number },
): Promise<RecordReport> {
  const { id, region, bucket, key, eventTime } = event;
  const record = { id, region, bucket, key, eventTime };
  try {
    if (context.signal.aborted) throw new AppError('Aborted', 'the time of the invocation is over');
    return { ...record, ...(await process(event, context)) };
  } catch (thrown) {
    return { ...record, outcome: 'undone', error: toAppError(thrown) };
  }
}

function countOutcomes({ records, faults }: InvocationReport): Record<string, number> {
  const counts: Record<string, number> = { records: records.length, faults: faults.length };
  for (const { outcome } of records) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** Which kind of failure represents a batch: a wrong setting comes first, because a person must see it. */
const PRECEDENCE: readonly ErrorKind[] = ['misconfigured', 'throttled', 'transient'];

/**
 * The failure of the invocation when a record must be delivered again; otherwise `undefined`. A permanent error does not
 * count: Function Compute would run the same event three more times, and charge for each.
 */
export function failureOf({ records }: InvocationReport): AppError | undefined {
  const undone = records.flatMap((record) => (record.outcome === 'undone' ? [record] : []));
  const again = undone.filter(({ error }) => error.kind !== 'permanent');
  const kind = PRECEDENCE.find((candidate) => again.some(({ error }) => error.kind === candidate));
  const worst = again.find(({ error }) => error.kind === kind)?.error;
  if (!worst) return undefined;
  const wait = Math.max(...again.map(({ error }) => error.retryAfterMs ?? 0));
  return new AppError(
    worst.code,
    `${again.length} of ${records.length} records to be delivered again: ${worst.code}: ${worst.message}`,
    {
      cause: worst,
      details: { undone: again.map(({ id }) => id) },
      retryAfterMs: wait > 0 ? wait : undefined,
    },
  );
}

/** The report as JSON; an error becomes its code, kind and message. */
export function describeReport({ records, faults }: InvocationReport): unknown {
  return {
    records: records.map((record) => {
      if (record.outcome !== 'undone') return record;
      const { error, ...rest } = record;
      return { ...rest, code: error.code, kind: error.kind, reason: error.message };
    }),
    faults,
  };
}
