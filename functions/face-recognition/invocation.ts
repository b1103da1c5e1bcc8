import pLimit from 'p-limit';
import type { OssObjectEvent } from '../../shared/envelope/event.ts';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import type { Dispatch, DispatchOutcome } from '../../shared/pipeline/dispatch.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { AppError, type ErrorCode, type ErrorKind, toAppError } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/log.ts';

/** What became of one record: its outcome, or why it has to come again. */
export type RecordReport = Pick<OssObjectEvent, 'id' | 'region' | 'bucket' | 'key'> &
  (DispatchOutcome | { readonly outcome: 'undone'; readonly error: AppError });

/** What became of an event as a whole; each part of it is in one of the lists. */
export interface InvocationReport {
  /** In the order of the event. */
  readonly records: readonly RecordReport[];
  /** Parts that could not be read: `path` leads there from the event. */
  readonly faults: readonly { readonly path: string; readonly code: ErrorCode; readonly reason: string }[];
}

export interface InvocationParts {
  readonly work: Dispatch;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Records at once. */
  readonly concurrency: number;
}

export interface InvocationLimits {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Ends the time before the deadline does. */
  readonly signal?: AbortSignal;
}

/**
 * Brings every record of an event to its outcome. After the deadline work under way is stopped and no other begins:
 * both are reported as undone.
 */
export async function processEvent(
  input: unknown,
  { work, clock, logger, concurrency }: InvocationParts,
  { deadline, signal }: InvocationLimits,
): Promise<InvocationReport> {
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
  const limit = pLimit(concurrency);
  const context = { signal: stop.signal, deadline };
  const records = await Promise.all(events.map((event) => limit(() => processRecord(event, work, context))));
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
  work: Dispatch,
  context: { signal: AbortSignal; deadline: number },
): Promise<RecordReport> {
  const { id, region, bucket, key } = event;
  const record = { id, region, bucket, key };
  try {
    if (context.signal.aborted) throw new AppError('Aborted', 'the time of the invocation is over');
    return { ...record, ...(await work(event, context)) };
  } catch (thrown) {
    return { ...record, outcome: 'undone', error: toAppError(thrown) };
  }
}

function countOutcomes({ records, faults }: InvocationReport): Record<string, number> {
  const counts: Record<string, number> = { records: records.length, faults: faults.length };
  for (const { outcome } of records) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** Which kind of failure speaks for a batch: a person must see a wrong setting, whatever else failed. */
const PRECEDENCE: readonly ErrorKind[] = ['misconfigured', 'throttled', 'transient'];

/**
 * The failure of the invocation when a record has to come again; `undefined` when none has. A permanent error is no
 * reason: Function Compute would run the same event three more times, and every time for money.
 */
export function failureOf({ records }: InvocationReport): AppError | undefined {
  const undone = records.flatMap((record) => (record.outcome === 'undone' ? [record] : []));
  const again = undone.filter(({ error }) => error.kind !== 'permanent');
  const kind = PRECEDENCE.find((candidate) => again.some(({ error }) => error.kind === candidate));
  const worst = again.find(({ error }) => error.kind === kind)?.error;
  if (!worst) return undefined;
  const waits = again.map(({ error }) => error.retryAfterMs ?? 0);
  return new AppError(
    worst.code,
    `${again.length} of ${records.length} records to be delivered again: ${worst.code}: ${worst.message}`,
    {
      cause: worst,
      details: { undone: again.map(({ id }) => id) },
      ...(Math.max(...waits) > 0 && { retryAfterMs: Math.max(...waits) }),
    },
  );
}

/** The report as JSON: an error in it is told by its code, kind and message. */
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
