import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { documentOf, lettersOf, notification, openStage, type Stage, upload } from '../support.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

const imageLines = () => stage.lines.filter(({ msg }) => msg === 'image');
const invocationLines = () => stage.lines.filter(({ msg }) => msg === 'invocation');

describe('events', () => {
  test('an event returns its outcome, writes its result, and logs lines with the request id', async () => {
    const record = await upload(stage, 'incoming/a.jpg');

    const report = await stage.fn.handler(notification(record), stage.context({ requestId: 'request-7' }));

    expect(report).toMatchObject({ records: [{ key: 'incoming/a.jpg', outcome: 'processed', faces: 0 }] });
    expect(await documentOf(stage, 'incoming/a.jpg')).toMatchObject({ outcome: 'processed', faces: [] });
    expect(invocationLines()).toMatchObject([
      { requestId: 'request-7', records: 1, processed: 1, faults: 0 },
    ]);
    expect(imageLines()).toMatchObject([{ requestId: 'request-7', outcome: 'processed' }]);
  });

  test('an event with a permanent failure returns, because each retry would cost money', async () => {
    const record = await upload(stage, 'incoming/a.jpg', Buffer.from('no picture'));

    const report = await stage.fn.handler(notification(record), stage.context());

    expect(report).toMatchObject({ records: [{ outcome: 'invalid', code: 'InvalidImage' }] });
    expect(await documentOf(stage, 'incoming/a.jpg')).toMatchObject({ error: { code: 'InvalidImage' } });
  });

  test('an event with a transient failure throws, and the next delivery succeeds', async () => {
    const record = await upload(stage, 'incoming/a.jpg');
    const heal = stage.cloud.faults.inject({ operation: 'PutObject', rate: 1, kind: 'error' });

    const first = stage.fn.handler(notification(record), stage.context());

    await expect(first).rejects.toMatchObject({
      code: 'ServiceUnavailable',
      details: { undone: [`${record.responseElements.requestId}.0`] },
    });
    heal();
    const second = await stage.fn.handler(notification(record), stage.context());
    expect(second).toMatchObject({ records: [{ outcome: 'processed' }] });
  });

  test('an event whose load took the whole timeout is stopped: the deadline counts from the beginning of the call', async () => {
    const record = await upload(stage, 'incoming/a.jpg');
    const context = stage.context();
    const startedAt = systemClock.monotonic() - context.function.timeout * 1000;

    const late = stage.fn.handler(notification(record), context, startedAt);

    await expect(late).rejects.toMatchObject({ code: 'Aborted' });
  });

  test('an unreadable event returns a fault with its code, and its body and reason are a dead letter', async () => {
    const context = stage.context({ requestId: 'request-7' });

    const report = await stage.fn.handler(Buffer.from('{"hello":1}'), context);

    const [letter, ...others] = await lettersOf(stage);
    expect(report).toMatchObject({ records: [], faults: [{ path: '', code: 'EnvelopeUnknown' }] });
    expect(JSON.stringify(report)).not.toContain('hello');
    expect(letter).toMatchObject({
      functionArn: `acs:fc:cn-shanghai:${stage.cloud.accountId}:functions/face-recognition`,
      requestId: 'request-7',
      code: 'EnvelopeUnknown',
      reason: expect.stringContaining('none of the known envelopes'),
      body: '{"hello":1}',
    });
    expect(others).toEqual([]);
  });

  test.each([
    ['of a timer', JSON.stringify({ triggerName: 't', triggerTime: '2026-01-01T00:00:00Z', payload: '' })],
    ['that is empty', ''],
    ['that is no text', Buffer.from([0xff, 0xfe, 0x00])],
    ['of another service', JSON.stringify({ specversion: '1.0', type: 'sls:Log', data: { topic: 'x' } })],
  ])('a foreign event %s is a dead letter and fails no invocation', async (_, event) => {
    const report = await stage.fn.handler(Buffer.from(event), stage.context());

    const letters = await lettersOf(stage);
    const body = typeof event === 'string' ? event : event.toString('base64');
    expect(report).toMatchObject({ faults: [{ code: 'EnvelopeUnknown' }] });
    expect(letters).toMatchObject([{ code: 'EnvelopeUnknown', body }]);
  });

  test('an event of a bucket that is no source is a dead letter, and the bucket is not looked at', async () => {
    const strict = await openStage({ SOURCE_BUCKETS: 'acs:oss:cn-shanghai:*:others' });
    const record = await upload(strict, 'incoming/a.jpg');

    const report = await strict.fn.handler(notification(record), strict.context());

    const letters = await lettersOf(strict);
    expect(report).toMatchObject({ records: [{ outcome: 'undone', code: 'SourceRefused' }] });
    expect(letters).toMatchObject([{ code: 'SourceRefused', body: JSON.stringify(record) }]);
    await strict.close();
  });

  test('without DEAD_LETTERS an unreadable event fails, so that Function Compute keeps it', async () => {
    const bare = await openStage({ DEAD_LETTERS: '' });

    const invocation = bare.fn.handler(Buffer.from('{"hello":1}'), bare.context());

    await expect(invocation).rejects.toMatchObject({ code: 'EnvelopeUnknown' });
    await bare.close();
  });

  test('an unreadable event whose dead letter cannot be stored fails, so that it is delivered again', async () => {
    const heal = stage.cloud.faults.inject({ operation: 'SendMessage', rate: 1, kind: 'error' });

    const invocation = stage.fn.handler(Buffer.from('{"hello":1}'), stage.context());

    await expect(invocation).rejects.toMatchObject({ kind: 'transient' });
    heal();
    expect(await lettersOf(stage)).toEqual([]);
  });

  test('an event is processed with the credentials of its own invocation', async () => {
    const record = await upload(stage, 'incoming/a.jpg');
    const expired = { ...stage.context(), credentials: stage.cloud.issueCredentials({ durationMs: -1 }) };

    const first = stage.fn.handler(notification(record), expired);
    await expect(first).rejects.toMatchObject({ code: 'SecurityTokenExpired' });
    const second = await stage.fn.handler(notification(record), stage.context());

    expect(second).toMatchObject({ records: [{ outcome: 'processed' }] });
  });

  test('an event without credentials fails as misconfigured', async () => {
    const record = await upload(stage, 'incoming/a.jpg');

    const invocation = stage.fn.handler(notification(record), { requestId: 'r', function: { timeout: 30 } });

    await expect(invocation).rejects.toMatchObject({ code: 'CredentialsMissing', kind: 'misconfigured' });
  });
});

describe('batches', () => {
  test('a batch of final outcomes returns a report of each record', async () => {
    const good = await upload(stage, 'incoming/good.jpg');
    const bad = await upload(stage, 'incoming/bad.jpg', Buffer.from('no picture'));
    const other = await upload(stage, 'elsewhere/c.jpg');

    const report = await stage.fn.handler(notification(good, bad, other, { broken: true }), stage.context());

    expect(report).toMatchObject({
      records: [
        { outcome: 'processed' },
        { outcome: 'invalid' },
        { outcome: 'ignored', rule: 'outside-prefix' },
      ],
      faults: [{ path: '.events[3]', code: 'EnvelopeUnknown' }],
    });
    expect(await lettersOf(stage)).toMatchObject([{ body: '{"broken":true}' }]);
  });

  test('a batch with many bad parts keeps all of them in few letters', async () => {
    const good = await upload(stage, 'incoming/good.jpg');
    const bad = Array.from({ length: 500 }, (_, index) => ({ broken: index, text: 'x'.repeat(200) }));

    const report = await stage.fn.handler(notification(...bad, good), stage.context());

    const letters = await lettersOf(stage);
    expect((report as { records: unknown[] }).records).toMatchObject([{ outcome: 'processed' }]);
    expect(letters.length).toBeLessThan(10);
    expect(letters.flatMap(({ body }) => JSON.parse(body as string))).toEqual(bad);
  });

  test('a batch throws for its transient record, and the others are duplicates at the next delivery', async () => {
    const good = await upload(stage, 'incoming/good.jpg');
    const shaky = await upload(stage, 'incoming/shaky.jpg');
    await stage.fn.handler(notification(good), stage.context());
    const heal = stage.cloud.faults.inject({ operation: 'GetObject', rate: 1, kind: 'error' });

    const first = stage.fn.handler(notification(good, shaky), stage.context());

    await expect(first).rejects.toThrow('1 of 2 records to be delivered again: ServiceUnavailable');
    heal();
    const second = await stage.fn.handler(notification(good, shaky), stage.context());
    expect(second).toMatchObject({ records: [{ outcome: 'duplicate' }, { outcome: 'processed' }] });
  });

  test('a batch that exceeds the timeout throws with the number of unfinished records', async () => {
    const records = await Promise.all(
      Array.from({ length: 6 }, (_, index) => upload(stage, `incoming/${index}.jpg`)),
    );

    // Of one second, all is left for the answer.
    const invocation = stage.fn.handler(notification(...records), stage.context({ timeout: 1 }));

    await expect(invocation).rejects.toMatchObject({ code: 'Aborted', kind: 'transient' });
    await expect(invocation).rejects.toThrow('6 of 6 records to be delivered again');
  });
});

describe('hooks', () => {
  test('initialize refuses results below the watched prefix', async () => {
    const looping = await openStage({ RESULT_PREFIX: 'incoming/results/' });

    await expect(looping.fn.initialize(looping.context())).rejects.toMatchObject({ code: 'LoopRefused' });
    await looping.close();
  });

  test('an instance can be used again after preStop', async () => {
    await stage.fn.initialize(stage.context());
    await stage.fn.preStop(stage.context());
    const record = await upload(stage, 'incoming/a.jpg');

    const report = await stage.fn.handler(notification(record), stage.context());

    expect(report).toMatchObject({ records: [{ outcome: 'processed' }] });
  });
});
