import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { documentOf, notification, openStage, type Stage, upload } from '../support.ts';

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
    const startedAt = Date.now() - context.function.timeout * 1000;

    const late = stage.fn.handler(notification(record), context, startedAt);

    await expect(late).rejects.toMatchObject({ code: 'Aborted' });
  });

  test('an unreadable event returns a fault with its code and throws no error', async () => {
    const report = await stage.fn.handler(Buffer.from('{"hello":1}'), stage.context());

    expect(report).toMatchObject({ records: [], faults: [{ path: '', code: 'EnvelopeUnknown' }] });
    expect(stage.lines).toContainEqual(
      expect.objectContaining({ level: 'error', msg: 'part of the event is unreadable', path: '' }),
    );
  });

  test('an event of a timer returns a fault: this function polls nothing', async () => {
    const timer = { triggerName: 't', triggerTime: '2026-01-01T00:00:00Z', payload: '' };

    const report = await stage.fn.handler(Buffer.from(JSON.stringify(timer)), stage.context());

    expect(report).toMatchObject({ faults: [{ code: 'EnvelopeUnknown' }] });
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
