import { CloudEvent, HTTP } from 'cloudevents';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { REPLY_TYPE } from '../../../../functions/face-recognition/cloudevents/reply-event.ts';
import { toCloudEvent, toHttpMessage } from '../../../../shared/envelope/cloud-event.ts';
import { openEnvelope } from '../../../../shared/envelope/open-envelope.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { createHttpSink } from '../../../../shared/sinks/http.ts';
import { deliver } from '../../../support/kubernetes/knative/delivery.ts';
import { type Event, readEvent } from '../../../support/kubernetes/knative/event.ts';
import { sampleBytes } from '../../../support/photos.ts';
import { documentOf, notification, upload } from '../support.ts';
import { openReceiverStage, type ReceiverStage } from './stage.ts';

let stage: ReceiverStage;

beforeEach(async () => {
  stage = await openReceiverStage();
});

afterEach(() => stage.close());

/** The CloudEvent of an upload, as the poller makes it. */
async function uploaded(key: string, bytes?: Uint8Array, extensions = {}): Promise<CloudEvent<unknown>> {
  const record = await upload(stage, key, bytes);
  return toCloudEvent(openEnvelope({ events: [record] }).events[0]!, extensions) as CloudEvent<unknown>;
}

const structured = (event: unknown) => JSON.stringify(event);
const STRUCTURED = { 'content-type': 'application/cloudevents+json' };

function send(event: CloudEvent<unknown>, headers: Record<string, string> = {}) {
  const message = toHttpMessage(event, 'binary');
  return stage.post(message.body, { ...message.headers, ...headers });
}

describe('CloudEvents', () => {
  test('a CloudEvent of a photo is answered with the place and the counts of its result', async () => {
    const event = await uploaded('incoming/team photo.jpg', sampleBytes(1));

    const answer = await send(event);

    const reply = HTTP.toEvent({ headers: Object.fromEntries(answer.headers), body: answer.text });
    expect(answer.status).toBe(200);
    expect(reply).toMatchObject({
      id: event.id,
      type: REPLY_TYPE,
      data: {
        bucket: 'photos',
        key: 'incoming/team photo.jpg',
        result: { bucket: 'photos', key: 'results/incoming/team photo.jpg/faces.json' },
        faces: 3,
        known: 0,
        unknown: 0,
      },
    });
    expect((await documentOf(stage, 'incoming/team photo.jpg')).faces).toHaveLength(3);
  });

  test('a CloudEvent that is delivered again has the same answer, byte for byte', async () => {
    const event = await uploaded('incoming/a.jpg');

    const first = await send(event);
    const second = await send(event);

    const attributes = ({ headers }: typeof first) => [...headers].filter(([name]) => name.startsWith('ce-'));
    expect(second.text).toBe(first.text);
    expect(attributes(second)).toEqual(attributes(first));
    const outcomes = stage.lines.filter(({ msg }) => msg === 'image').map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['processed', 'duplicate']);
  });

  test.each([
    ['structured', STRUCTURED],
    ['structured with a charset', { 'content-type': 'Application/CloudEvents+JSON; charset=UTF-8' }],
    ['structured as plain JSON', { 'content-type': 'application/json' }],
  ])('a CloudEvent is read in %s mode', async (_mode, headers) => {
    const event = await uploaded('incoming/a.jpg');

    const answer = await stage.post(structured(event), headers);

    expect(answer.status).toBe(200);
    expect(answer.headers.get('ce-id')).toBe(event.id);
  });

  test.each([
    ['an object', (records: unknown) => records],
    ['a text of Base64', (records: unknown) => Buffer.from(JSON.stringify(records)).toString('base64')],
  ])('a CloudEvent of another source, with %s as data, is processed', async (_form, form) => {
    const record = await upload(stage, 'incoming/a.jpg');
    const event = new CloudEvent({ id: '1', source: 'any', type: 'any', data: form({ events: [record] }) });

    const answer = await stage.post(structured(event), STRUCTURED);

    expect(answer.status).toBe(200);
  });

  test('a CloudEvent with a permanent failure is acknowledged once the failure is recorded', async () => {
    const event = await uploaded('incoming/a.jpg', Buffer.from('no picture'));

    const answer = await send(event);

    expect(answer).toMatchObject({ status: 204, text: '' });
    expect(await documentOf(stage, 'incoming/a.jpg')).toMatchObject({ error: { code: 'InvalidImage' } });
  });

  test('a CloudEvent that is out of scope has an empty answer', async () => {
    const answer = await send(await uploaded('elsewhere/a.jpg'));

    expect(answer).toMatchObject({ status: 204, text: '' });
  });

  test('a CloudEvent is answered with 500 while OSS fails, and succeeds later', async () => {
    const event = await uploaded('incoming/a.jpg');
    const heal = stage.cloud.faults.inject({ operation: 'PutObject', rate: 1, kind: 'error' });

    const ill = await send(event);
    heal();
    const well = await send(event);

    expect(ill.status).toBe(500);
    expect(ill.headers.get('retry-after')).toBeNull();
    expect(JSON.parse(ill.text)).toMatchObject({ code: 'ServiceUnavailable' });
    expect(well.status).toBe(200);
  });

  test('a CloudEvent of a bucket that no longer exists is answered with 204: its object is gone', async () => {
    const event = await uploaded('incoming/a.jpg');
    const elsewhere = {
      ...(event.data as object),
      oss: { bucket: { name: 'nobodys' }, object: { key: 'incoming/a.jpg' } },
    };

    const answer = await send(event.cloneWith({ data: elsewhere }));

    expect(answer.status).toBe(204);
    expect(stage.lines).toContainEqual(expect.objectContaining({ bucket: 'nobodys', outcome: 'gone' }));
  });

  test('the trace of a CloudEvent appears in the reply and in the log', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const event = await uploaded('incoming/a.jpg');

    const answer = await send(event, { traceparent });

    expect(answer.headers.get('ce-traceparent')).toBe(traceparent);
    expect(stage.lines.find(({ msg }) => msg === 'image')).toMatchObject({
      requestId: '4bf92f3577b34da6a3ce929d0e0e4736',
    });
  });

  test('the receiver acknowledges its own reply without reading it, as a Trigger without a filter sends it back', async () => {
    const { headers, text } = await send(await uploaded('incoming/a.jpg'));
    const reply = Object.fromEntries([...headers].filter(([name]) => name.startsWith('ce-')));
    stage.lines.length = 0;

    const answer = await stage.post(text, { ...reply, 'content-type': 'application/json' });

    expect(answer).toMatchObject({ status: 204, text: '' });
    expect(stage.lines.filter(({ msg }) => msg === 'image')).toEqual([]);
  });
});

describe('batches', () => {
  const BATCH = { 'content-type': 'application/cloudevents-batch+json' };

  test('a batch is processed as a whole and has an empty answer', async () => {
    const events = [await uploaded('incoming/a.jpg'), await uploaded('incoming/b.jpg')];

    const answer = await stage.post(JSON.stringify(events), BATCH);

    expect(answer).toMatchObject({ status: 204, text: '' });
    for (const key of ['incoming/a.jpg', 'incoming/b.jpg'])
      expect(await documentOf(stage, key)).toMatchObject({ outcome: 'processed' });
  });

  test('a batch with a malformed event is refused after the others are processed', async () => {
    const good = await uploaded('incoming/a.jpg');

    const answer = await stage.post(JSON.stringify([{ specversion: '1.0' }, good]), BATCH);

    expect(answer.status).toBe(400);
    expect(await documentOf(stage, 'incoming/a.jpg')).toMatchObject({ outcome: 'processed' });
  });

  test('an empty batch is acknowledged', async () => {
    expect(await stage.post('[]', BATCH)).toMatchObject({ status: 204 });
  });
});

describe('plain bodies', () => {
  test('a body that is not a CloudEvent is opened as an envelope', async () => {
    const record = await upload(stage, 'incoming/a.jpg');

    const answer = await stage.post(notification(record), { 'content-type': 'application/json' });

    expect(answer.status).toBe(200);
  });

  test.each([
    ['is none of the envelopes', '{"hello":1}', {}],
    ['is no JSON', '{', { 'content-type': 'application/json' }],
    ['is empty', '', {}],
    ['says that it is a CloudEvent and is not', '{"specversion":"1.0"}', STRUCTURED],
    ['is a CloudEvent of an unknown format', 'x', { 'content-type': 'application/cloudevents+avro' }],
    [
      'has attributes in its headers but no id',
      '{}',
      { 'ce-specversion': '1.0', 'ce-source': 'a', 'ce-type': 'b' },
    ],
    [
      'is a CloudEvent about something else',
      '{"hello":1}',
      {
        'ce-specversion': '1.0',
        'ce-id': '1',
        'ce-source': 'a',
        'ce-type': 'b',
        'content-type': 'application/json',
      },
    ],
  ])('a body that %s is refused with 400', async (_what, body, headers) => {
    const answer = await stage.post(body, headers as Record<string, string>);

    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'EnvelopeUnknown' });
  });

  test('a body that is too large is refused with 413', async () => {
    const answer = await stage.post(Buffer.alloc(65_537));

    expect(answer.status).toBe(413);
  });

  test('a request other than POST is refused with 405', async () => {
    const response = await fetch(stage.url, { method: 'PUT', body: 'x' });

    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });
});

describe('HTTP sink', () => {
  test.each([
    ['accepted', 'a photo', 'incoming/a.jpg', undefined],
    ['accepted', 'a recorded failure', 'incoming/b.jpg', Buffer.from('no picture')],
  ])("the HTTP sink gets '%s' for %s", async (result, _what, key, bytes) => {
    const sink = createHttpSink({ url: stage.url, timeoutMs: 10_000, clock: systemClock });

    const delivery = await sink.deliver(await uploaded(key, bytes), { signal: new AbortController().signal });

    expect(delivery).toEqual({ result });
    await sink.close();
  });

  test('the HTTP sink does not slow down for the sake of one event that fails', async () => {
    const sink = createHttpSink({ url: stage.url, timeoutMs: 10_000, clock: systemClock });
    stage.cloud.faults.inject({ operation: 'GetObject', rate: 1, kind: 'error' });

    const delivery = await sink.deliver(await uploaded('incoming/a.jpg'), {
      signal: new AbortController().signal,
    });

    expect(delivery).toMatchObject({ result: 'retry', reason: expect.stringContaining('HTTP 500') });
    expect(delivery).not.toMatchObject({ overloaded: true });
    await sink.close();
  });
});

describe('Broker', () => {
  const delivery = { retry: 3, backoffPolicy: 'exponential', backoffDelay: 'PT1S' } as const;

  /** As a Broker has it: attributes and data of the binary mode. */
  const received = (event: CloudEvent<unknown>) => {
    const { headers, body } = toHttpMessage(event, 'binary');
    return readEvent(headers, body)!;
  };

  test('a Broker delivers again after a transient failure, and sends the reply on', async () => {
    const event = await uploaded('incoming/a.jpg');
    const heal = stage.cloud.faults.inject({ operation: 'PutObject', rate: 1, kind: 'error' });
    const delays: number[] = [];

    const outcome = await deliver(received(event), stage.url, delivery, async (ms) => {
      delays.push(ms);
      if (delays.length === 2) heal();
    });

    expect(delays).toEqual([2000, 4000]);
    expect(outcome).toMatchObject({
      delivered: true,
      reply: { attributes: { type: REPLY_TYPE, id: event.id } },
    });
  });

  test('a Broker counts a recorded failure as delivered, without a reply', async () => {
    const event = await uploaded('incoming/a.jpg', Buffer.from('no picture'));

    const outcome = await deliver(received(event), stage.url, delivery, () =>
      Promise.reject(new Error('retried')),
    );

    expect(outcome).toEqual({ delivered: true });
  });

  test('a Broker dead-letters an unreadable event at once, with the reason', async () => {
    const event = new CloudEvent({ id: '1', source: 'any', type: 'any', data: { hello: 1 } });

    const outcome = await deliver(received(event), stage.url, delivery, () =>
      Promise.reject(new Error('retried')),
    );

    expect(outcome).toMatchObject({
      delivered: false,
      code: 400,
      data: expect.stringContaining('EnvelopeUnknown'),
    });
  });

  test('a Broker delivers a reply to the receiver without another reply', async () => {
    const first = await deliver(
      received(await uploaded('incoming/a.jpg')),
      stage.url,
      delivery,
      async () => {},
    );

    const second = await deliver((first as { reply: Event }).reply, stage.url, delivery, async () => {});

    expect(second).toEqual({ delivered: true });
  });
});

test('metrics count requests, outcomes, faces and stages', async () => {
  await send(await uploaded('incoming/a.jpg', sampleBytes(1)));
  await send(await uploaded('elsewhere/a.jpg'));
  await stage.post('{}');

  const text = await (await fetch(`${stage.url}/metrics`)).text();

  expect(text).toContain('mnsoss_receiver_request_seconds_count{status="200"} 1');
  expect(text).toContain('mnsoss_receiver_request_seconds_count{status="400"} 1');
  expect(text).toContain('mnsoss_receiver_records_total{outcome="processed"} 1');
  expect(text).toContain('mnsoss_receiver_records_total{outcome="ignored"} 1');
  expect(text).toContain('mnsoss_receiver_unreadable_total 1');
  expect(text).toContain('mnsoss_receiver_faces_total 3');
  expect(text).toContain('mnsoss_receiver_stage_seconds_count{stage="analyze"} 1');
  expect(text).toContain('mnsoss_receiver_in_flight 0');
});

test('an exhausted quota is answered with 429 and the time to wait', async () => {
  const error = new AppError('Throttled', 'two a second', { retryAfterMs: 2_400 });
  const throttled = await openReceiverStage({}, { pipeline: async () => () => Promise.reject(error) });
  const record = await upload(throttled, 'incoming/a.jpg');

  const answer = await throttled.post(notification(record));

  expect(answer.status).toBe(429);
  expect(answer.headers.get('retry-after')).toBe('3');
  await throttled.close();
});

test('a pipeline that cannot be opened is answered with 500 and logged', async () => {
  const error = new AppError('ServiceUnavailable', 'the gallery does not answer');
  const shut = await openReceiverStage({}, { pipeline: () => Promise.reject(error) });

  const answer = await shut.post(notification(await upload(shut, 'incoming/a.jpg')));

  expect(answer.status).toBe(500);
  expect(shut.lines).toContainEqual(
    expect.objectContaining({ level: 'error', msg: 'request failed', code: 'ServiceUnavailable' }),
  );
  await shut.close();
});

test('REPLY_EVENTS=false leaves out the replies', async () => {
  const silent = await openReceiverStage({ REPLY_EVENTS: 'false' });
  const record = await upload(silent, 'incoming/a.jpg');

  const answer = await silent.post(notification(record));

  expect(answer).toMatchObject({ status: 204, text: '' });
  await silent.close();
});

test.each([
  ['an invalid token is answered with 401', 'IdentityRefused', 401],
  ['a token that cannot be checked is answered with 500', 'ServiceUnavailable', 500],
] as const)('%s, and no object is looked at', async (_, code, status) => {
  const guarded = await openReceiverStage(
    {},
    { authenticate: () => Promise.reject(new AppError(code, 'the token is no good')) },
  );
  const record = await upload(guarded, 'incoming/a.jpg');

  const answer = await guarded.post(notification(record), { authorization: 'Bearer x' });

  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
    status,
    status === 401 ? 'Bearer' : null,
  ]);
  expect(await guarded.photos.head('results/incoming/a.jpg/faces.json')).toBeUndefined();
  await guarded.close();
});

test.each([
  ['another bucket', 'others'],
  ['another account', 'acs:oss:cn-shanghai:42:photos'],
  ['another region', 'acs:oss:cn-beijing:*:photos'],
])(
  'an event of %s than SOURCE_BUCKETS names is answered with 422, and no object is looked at',
  async (_, source) => {
    const strict = await openReceiverStage({ SOURCE_BUCKETS: source });
    const record = await upload(strict, 'incoming/a.jpg');

    const answer = await strict.post(notification(record));

    expect(answer).toMatchObject({ status: 422, text: expect.stringContaining('SourceRefused') });
    expect(await strict.photos.head('results/incoming/a.jpg/faces.json')).toBeUndefined();
    await strict.close();
  },
);
