import { CloudEvent } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import { fromCloudEvent, toCloudEvent, toHttpMessage } from '../../../shared/envelope/cloud-event.ts';
import { readCloudEvents } from '../../../shared/envelope/http-cloud-events.ts';
import { fromHttpMessage } from '../../../shared/envelope/http-message.ts';
import { openEnvelope } from '../../../shared/envelope/open-envelope.ts';
import { readTimerEvent } from '../../../shared/envelope/timer.ts';
import { ossRecord } from '../../support/oss-record.ts';

const EVENT = { specversion: '1.0', id: '1', source: 'any', type: 'any' };
const SINGLE = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';

const read = (contentType: string | undefined, body: unknown) =>
  readCloudEvents({
    headers: { 'content-type': contentType },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  });

describe('readCloudEvents', () => {
  test.each([
    ['a body that does not parse', SINGLE, '{', 'does not parse'],
    ['a batch that is not an array', BATCH, EVENT, 'expected a JSON array'],
    ['another format than JSON', 'application/cloudevents+xml', EVENT, 'expected the JSON format'],
    ['null in a batch', BATCH, '[null]', 'expected a JSON object'],
    ['a number', SINGLE, '7', 'expected a JSON object'],
    ['an array', SINGLE, [EVENT], 'expected a JSON object'],
    [
      'data in two forms',
      SINGLE,
      { ...EVENT, data: 1, data_base64: 'AA==' },
      'data or data_base64, got both',
    ],
    ['binary data that is not text', SINGLE, { ...EVENT, data_base64: 1 }, 'data_base64: expected string'],
    ['a name in capitals', SINGLE, { ...EVENT, comExample: 'x' }, 'have only a-z and 0-9'],
    ['an empty id', SINGLE, { ...EVENT, id: '' }, 'id: expected'],
    ['an unknown version', SINGLE, { ...EVENT, specversion: '2.0' }, 'specversion: expected 1.0 or 0.3'],
  ])('%s is one fault that says why', (_, contentType, body, why) => {
    const result = read(contentType, body)!;

    expect(result.events).toEqual([]);
    expect(result.faults).toHaveLength(1);
    expect(result.faults[0]!.message).toContain(why);
  });

  test('plain JSON is read when one element of several is a CloudEvent', () => {
    const { events, faults } = read('application/json', [EVENT, { hello: 'world' }])!;

    expect(events).toHaveLength(1);
    expect(faults).toHaveLength(1);
  });

  test.each([undefined, 'application/json', 'application/json ; charset=utf-8', 'Application/JSON'])(
    'a CloudEvent under the content type %s is read',
    (contentType) => {
      expect(read(contentType, EVENT)!.events).toEqual([{ attributes: EVENT, data: undefined }]);
    },
  );

  test('an array of null does not say that it is a CloudEvent', () => {
    expect(read('application/json', '[null]')).toBeUndefined();
  });
});

describe('fromHttpMessage', () => {
  test('an attribute that a request repeats is left out', () => {
    const headers = { 'ce-specversion': '1.0', 'ce-id': ['1', '2'] };

    expect(fromHttpMessage({ headers, body: Buffer.alloc(0) })).not.toHaveProperty('id');
  });
});

describe('fromCloudEvent', () => {
  test('an unreadable record is thrown as its own fault', () => {
    const data = { ...ossRecord(), region: 'no region' };
    const cloudEvent = new CloudEvent({ id: '1', type: 'oss:X', source: 'any', data });

    expect(() => fromCloudEvent(cloudEvent)).toThrow('region: expected a region id');
  });

  test('a CloudEvent with two records is rejected with their number and its id', () => {
    const data = { events: [ossRecord(), ossRecord()] };
    const cloudEvent = new CloudEvent({ id: 'E-1', type: 'any', source: 'any', data });

    expect(() => fromCloudEvent(cloudEvent)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('one record, got 2'),
        details: { eventId: 'E-1' },
      }),
    );
  });
});

describe('toCloudEvent', () => {
  test('the data of a notification is a list of the one record', () => {
    const [event] = openEnvelope({ events: [ossRecord()] }).events;

    expect(toCloudEvent(event!, {}, 'notification').data).toEqual({ events: [event!.record] });
  });
});

describe('toHttpMessage', () => {
  test('an event without data has an empty body', () => {
    const { body } = toHttpMessage(new CloudEvent({ type: 'any', source: 'any' }), 'binary');

    expect(body).toHaveLength(0);
  });
});

describe('readTimerEvent', () => {
  test('more than 64 KiB are not a timer event', () => {
    const timer = { triggerName: 'drain', triggerTime: '2026-01-15T08:30:00Z', payload: 'x'.repeat(65_536) };

    expect(readTimerEvent(JSON.stringify(timer))).toBeUndefined();
  });
});
