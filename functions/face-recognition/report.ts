import type { OssObjectEvent, OssRecord } from '../../shared/envelope/event.ts';
import type { Outcome } from '../../shared/pipeline/outcome.ts';
import { AppError, type ErrorCode, type ErrorKind } from '../../shared/runtime/errors.ts';

/** The result of one record: its outcome, or the error for which it has none. */
export type RecordReport = Pick<OssObjectEvent, 'id' | 'region' | 'bucket' | 'key' | 'eventTime'> &
  (Outcome | { readonly outcome: 'undone'; readonly error: AppError; readonly record: OssRecord });

/** A part of an event that can never succeed. */
export interface Rejected {
  readonly code: ErrorCode;
  readonly reason: string;
  /** As it came. Never logged. */
  readonly content: unknown;
}

/** The result of an event as a whole; each part of it is in one of the lists. */
export interface InvocationReport {
  /** In the order of the event. */
  readonly records: readonly RecordReport[];
  /** Parts that could not be read; `path` leads from the event to the part. */
  readonly faults: readonly (Rejected & { readonly path: string })[];
}

/** What an event that is done leaves behind: parts that nothing recorded, and that no delivery will change. */
export function rejectedOf({ records, faults }: InvocationReport): Rejected[] {
  const refused = records.flatMap((record): Rejected[] => {
    if (record.outcome !== 'undone' || record.error.kind !== 'permanent') return [];
    return [{ code: record.error.code, reason: record.error.message, content: record.record }];
  });
  return [...faults, ...refused];
}

/** For the log. */
export function countOutcomes({ records, faults }: InvocationReport): Record<string, number> {
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
      const { error, record: _, ...rest } = record;
      return { ...rest, code: error.code, kind: error.kind, reason: error.message };
    }),
    faults: faults.map(({ content: _, ...fault }) => fault),
  };
}
