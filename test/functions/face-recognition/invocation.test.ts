import { expect, test } from 'vitest';
import { type InvokedApp, processEvents } from '../../../functions/face-recognition/invocation.ts';
import {
  describeReport,
  failureOf,
  type InvocationReport,
  type RecordReport,
  rejectedOf,
} from '../../../functions/face-recognition/report.ts';
import type { Pipeline } from '../../../shared/pipeline/pipeline.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { AppError, type ErrorCode } from '../../../shared/runtime/errors.ts';
import { createLogger } from '../../../shared/runtime/log.ts';
import { createRecentMap } from '../../../shared/runtime/recent.ts';
import { ossRecord } from '../../support/oss-record.ts';

const AT = { region: 'cn-hangzhou', bucket: 'photos', key: 'a.jpg', eventTime: '2026-01-01T00:00:00.000Z' };

const undone = (id: string, code: ErrorCode, retryAfterMs?: number): RecordReport => ({
  ...AT,
  id,
  outcome: 'undone',
  error: new AppError(code, 'planned', { retryAfterMs }),
  record: ossRecord({ requestId: id }),
});

const superseded = (id: string): RecordReport => ({ ...AT, id, outcome: 'superseded', durations: {} });

const reportOf = (...records: RecordReport[]): InvocationReport => ({ records, faults: [] });

/** An app whose pipeline is `process`, with a clock of its own. */
function appWith(process: Pipeline, recordConcurrency = 4) {
  const clock = manualClock();
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ write: (line) => lines.push(JSON.parse(line)) });
  const app: InvokedApp = {
    clock,
    logger,
    options: { recordConcurrency, sourceBuckets: [] },
    finished: createRecentMap(10_000),
    pipeline: async () => process,
  };
  return { app, clock, lines };
}

const notification = (...keys: string[]) => ({
  events: keys.map((key, index) => ossRecord({ key, requestId: `R${index}` })),
});

const supersede: Pipeline = async () => ({ outcome: 'superseded', durations: {} });

const untilAborted = (signal: AbortSignal | undefined) =>
  new Promise<never>((_, reject) => {
    const abort = () => reject(new AppError('Aborted', 'stopped'));
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
  });

test.each([
  ['misconfigured', ['Throttled', 'NetworkError', 'ConfigInvalid'], 'ConfigInvalid'],
  ['throttled', ['NetworkError', 'InvalidRequest', 'Throttled'], 'Throttled'],
  ['transient', ['InvalidRequest', 'NetworkError'], 'NetworkError'],
] as const)('failureOf reports a %s error whatever else failed, in any order', (_, codes, expected) => {
  const records = codes.map((code, index) => undone(`R.${index}`, code));

  const failures = [records, records.toReversed()].map((order) => failureOf(reportOf(...order)));

  expect(failures).toMatchObject([{ code: expected }, { code: expected }]);
});

test('failureOf counts records to deliver again and names the error', () => {
  const failure = failureOf(reportOf(superseded('R.0'), undone('R.1', 'NetworkError')));

  expect(failure?.message).toBe('1 of 2 records to be delivered again: NetworkError: planned');
});

test('failureOf asks for the longest wait of all records', () => {
  const failure = failureOf(reportOf(undone('R.0', 'Throttled', 500), undone('R.1', 'Throttled', 2000)));

  expect(failure?.retryAfterMs).toBe(2000);
});

test('failureOf asks for no wait when no record names one', () => {
  expect(failureOf(reportOf(undone('R.0', 'NetworkError')))?.retryAfterMs).toBeUndefined();
});

test('failureOf ignores permanent errors: another delivery would fail again', () => {
  expect(failureOf(reportOf(undone('R.0', 'InvalidRequest'), superseded('R.1')))).toBeUndefined();
});

test('failureOf lists only records that must be delivered again', () => {
  const failure = failureOf(reportOf(undone('R.0', 'InvalidRequest'), undone('R.1', 'NetworkError')));

  expect(failure).toMatchObject({ code: 'NetworkError', details: { undone: ['R.1'] } });
});

test('describeReport replaces an error by its code, kind and message', () => {
  const described = describeReport(reportOf(undone('R.0', 'Throttled')));

  expect(described).toEqual({
    records: [
      { ...AT, id: 'R.0', outcome: 'undone', code: 'Throttled', kind: 'throttled', reason: 'planned' },
    ],
    faults: [],
  });
});

test('processEvents reports each record in the order of the event, and each unreadable part', async () => {
  const { app, lines } = appWith(async ({ key }) => {
    if (key === 'b') throw new AppError('NetworkError', 'planned');
    return { outcome: 'superseded', durations: {} };
  });
  const event = { events: [...notification('a', 'b').events, { broken: true }] };

  const report = await processEvents(event, app, { deadline: 1000 });

  expect(report.records).toMatchObject([
    { key: 'a', outcome: 'superseded' },
    { key: 'b', outcome: 'undone', error: { code: 'NetworkError' } },
  ]);
  expect(report.faults).toMatchObject([{ path: '.events[2]', code: 'EnvelopeUnknown' }]);
  expect(lines).toMatchObject([
    { level: 'error', msg: 'part of the event is unreadable', path: '.events[2]' },
    { msg: 'invocation', records: 2, faults: 1, superseded: 1, undone: 1 },
  ]);
});

test('processEvents stops records in progress at the deadline and starts no other', async () => {
  const started: string[] = [];
  const process: Pipeline = async ({ key }, { signal } = {}) => {
    started.push(key);
    return untilAborted(signal);
  };
  const { app, clock } = appWith(process, 2);

  const processing = processEvents(notification('a', 'b', 'c'), app, { deadline: clock.monotonic() + 1000 });
  await clock.advance(1000);
  const { records } = await processing;

  expect(started).toEqual(['a', 'b']);
  expect(records.map((record) => record.outcome === 'undone' && record.error.code)).toEqual([
    'Aborted',
    'Aborted',
    'Aborted',
  ]);
});

test.each(['before', 'during'])('processEvents obeys a signal that fires %s the work', async (when) => {
  const stop = new AbortController();
  if (when === 'before') stop.abort();
  const { app, clock } = appWith((_, { signal } = {}) => untilAborted(signal));

  const limits = { deadline: clock.monotonic() + 1000, signal: stop.signal };
  const processing = processEvents(notification('a'), app, limits);
  stop.abort();

  expect((await processing).records).toMatchObject([{ outcome: 'undone', error: { code: 'Aborted' } }]);
});

test('processEvents passes the deadline on and leaves no timer behind', async () => {
  const deadlines: (number | undefined)[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const { app, clock } = appWith(async (event, context = {}) => {
    deadlines.push(context.deadline);
    signals.push(context.signal);
    return supersede(event, context);
  });
  const deadline = clock.monotonic() + 1000;

  await processEvents(notification('a'), app, { deadline });
  await clock.advance(2000);

  expect(deadlines).toEqual([deadline]);
  expect(signals[0]?.aborted).toBe(false);
});

test('an event of 1,500 records is done after several deliveries, and no finished record is worked on twice', async () => {
  const worked = new Map<string, number>();
  const { app, clock } = appWith(async ({ key }, { signal } = {}) => {
    await clock.sleep(1_000, signal);
    worked.set(key, (worked.get(key) ?? 0) + 1);
    return { outcome: 'gone', removed: 0, durations: {} };
  });
  const event = notification(...Array.from({ length: 1_500 }, (_, index) => `${index}.jpg`));
  const deliveries: number[] = [];

  for (let left = 1_500; left > 0; ) {
    const processing = processEvents(event, app, { deadline: clock.monotonic() + 110_500 });
    for (let second = 0; second < 111; second++) await clock.advance(1_000);
    const { records } = await processing;
    left = records.filter(({ outcome }) => outcome === 'undone').length;
    deliveries.push(1_500 - left);
  }

  expect(deliveries).toEqual([440, 880, 1_320, 1_500]);
  expect(worked.size).toBe(1_500);
  expect(new Set(worked.values())).toEqual(new Set([1]));
});

test('an event that is done is forgotten: its next delivery looks at the objects again', async () => {
  let calls = 0;
  const { app } = appWith(async () => {
    calls++;
    return { outcome: 'superseded', durations: {} };
  });

  for (let delivery = 0; delivery < 2; delivery++)
    await processEvents(notification('a'), app, { deadline: 1000 });

  expect(calls).toBe(2);
});

test.each([
  ['its bucket', [{ region: '*', account: '*', bucket: 'photos' }], true],
  [
    'its bucket, account and region',
    [{ region: 'cn-shanghai', account: '1000000000000001', bucket: 'photos' }],
    true,
  ],
  ['another bucket', [{ region: '*', account: '*', bucket: 'others' }], false],
  ['another account', [{ region: '*', account: '2', bucket: 'photos' }], false],
  ['another region', [{ region: 'cn-beijing', account: '*', bucket: 'photos' }], false],
])('a record is processed or refused when the sources are %s', async (_, sourceBuckets, isProcessed) => {
  const { app } = appWith(supersede);
  const limited = { ...app, options: { ...app.options, sourceBuckets } };

  const report = await processEvents(notification('a'), limited, { deadline: 1000 });

  const rejected = rejectedOf(report);
  expect(report.records[0]?.outcome).toBe(isProcessed ? 'superseded' : 'undone');
  expect(rejected).toMatchObject(
    isProcessed ? [] : [{ code: 'SourceRefused', content: { oss: { object: { key: 'a' } } } }],
  );
});

test('processEvents logs the first unreadable parts of an event and counts the others', async () => {
  const { app, lines } = appWith(supersede);

  await processEvents({ events: Array(1_000).fill({ broken: true }) }, app, { deadline: 1000 });

  expect(lines).toHaveLength(11);
  expect(lines.at(-1)).toMatchObject({ msg: 'invocation', faults: 1_000 });
});

test('processEvents throws when the pipeline cannot be opened', async () => {
  const { app } = appWith(supersede);
  const pipeline = () => Promise.reject(new AppError('ServiceUnavailable', 'the gallery does not answer'));

  const processing = processEvents(notification('a'), { ...app, pipeline }, { deadline: 1000 });

  await expect(processing).rejects.toMatchObject({ code: 'ServiceUnavailable' });
});
