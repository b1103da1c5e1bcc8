import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromCloudEvent, toCloudEvent, toHttpMessage } from '../../../shared/envelope/cloud-event.ts';
import { fromHttpMessage } from '../../../shared/envelope/http-message.ts';
import { openEnvelope } from '../../../shared/envelope/open-envelope.ts';
import { ossRecord, type RecordOptions } from '../../support/oss-record.ts';

function ossEvent(options: RecordOptions = {}) {
  return openEnvelope({ events: [ossRecord(options)] }).events[0]!;
}

const anyKey = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 200 })
  .filter((text) => Buffer.byteLength(text) <= 1023);
/** What the SDK, which encodes no header, can carry in one. */
const headerKey = fc.stringMatching(/^[a-zA-Z0-9/_.:;()&$#-]{1,100}$/);

describe('toCloudEvent', () => {
  test('toCloudEvent writes the attributes that EventBridge writes', () => {
    const event = ossEvent({ key: 'incoming/a b%20/é.jpg' });

    const cloudEvent = toCloudEvent(event);

    expect(cloudEvent.toJSON()).toEqual({
      specversion: '1.0',
      id: '65A0B1C2D3E4F5A6B7C8D901.0',
      source: 'acs.oss',
      type: 'oss:ObjectCreated:PutObject',
      subject: 'acs:oss:cn-shanghai:1000000000000001:photos/incoming/a b%20/é.jpg',
      time: '2026-01-15T08:30:00.000Z',
      datacontenttype: 'application/json',
      data: event.record,
    });
  });

  test('toCloudEvent writes where the message comes from, and omits what is unknown', () => {
    const cloudEvent = toCloudEvent(ossEvent(), {
      mnsqueue: 'face-uploads',
      mnsmessageid: '5F1A-1',
      mnsdequeuecount: 2,
      traceparent: undefined,
    });

    expect(cloudEvent).toMatchObject({
      mnsqueue: 'face-uploads',
      mnsmessageid: '5F1A-1',
      mnsdequeuecount: 2,
    });
    expect(cloudEvent).not.toHaveProperty('traceparent');
  });

  test('toCloudEvent and fromCloudEvent round-trip any record', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const event = ossEvent({ key });

        const back = fromCloudEvent(toCloudEvent(event));

        expect(back).toEqual({ ...event, envelopes: ['eventbridge-oss', 'oss-record'] });
      }),
    );
  });
});

describe('fromCloudEvent', () => {
  test("fromCloudEvent accepts EventBridge's own events, even with an invalid timestamp", () => {
    const cloudEvent = new CloudEvent(
      {
        type: 'oss:ObjectCreated:PutObject',
        source: 'acs.oss',
        time: '2020-08-17T16:04:46.149Asia/Shanghai',
        data: ossRecord(),
      },
      false,
    );

    const event = fromCloudEvent(cloudEvent);

    expect(event).toMatchObject({ id: '65A0B1C2D3E4F5A6B7C8D901.0', eventTime: '2026-01-15T08:30:00.000Z' });
  });

  test.each([
    ['no record', { events: [] }],
    ['two records', { events: [ossRecord(), ossRecord()] }],
    ['foreign data', { hello: 'world' }],
  ])('fromCloudEvent rejects a CloudEvent with %s', (_name, data) => {
    const cloudEvent = new CloudEvent({ id: '1', type: 'any', source: 'any', data });

    expect(() => fromCloudEvent(cloudEvent)).toThrow(expect.objectContaining({ code: 'EnvelopeUnknown' }));
  });
});

describe('toHttpMessage', () => {
  test('the SDK reads what toHttpMessage writes in structured mode', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const cloudEvent = toCloudEvent(ossEvent({ key }), { mnsdequeuecount: 1 });

        const { headers, body } = toHttpMessage(cloudEvent, 'structured');

        expect(HTTP.toEvent({ headers, body: body.toString() })).toEqual(cloudEvent);
      }),
    );
  });

  test('the SDK reads what toHttpMessage writes in binary mode', () => {
    fc.assert(
      fc.property(headerKey, (key) => {
        const cloudEvent = toCloudEvent(ossEvent({ key }), { mnsqueue: 'face-uploads' });

        const { headers, body } = toHttpMessage(cloudEvent, 'binary');

        expect(HTTP.toEvent({ headers, body: body.toString() })).toEqual(cloudEvent);
      }),
    );
  });

  test('toHttpMessage writes headers that can hold any key, and fromHttpMessage reads them', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const cloudEvent = toCloudEvent(ossEvent({ key }));

        const message = toHttpMessage(cloudEvent, 'binary');

        expect(message.headers['ce-subject']).toMatch(/^[\x21-\x7e]+$/);
        expect(fromHttpMessage(message)).toMatchObject({ subject: cloudEvent.subject });
        expect(openEnvelope(fromHttpMessage(message)).events).toEqual([fromCloudEvent(cloudEvent)]);
      }),
    );
  });

  test('toHttpMessage sends binary data unchanged', () => {
    const cloudEvent = new CloudEvent({
      type: 'any',
      source: 'any',
      datacontenttype: 'application/octet-stream',
      data: Uint8Array.of(0, 255),
    });

    const { body } = toHttpMessage(cloudEvent, 'binary');

    expect([...body]).toEqual([0, 255]);
  });
});
