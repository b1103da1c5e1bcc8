import { describe, expect, test } from 'vitest';
import { openEnvelope } from '../../../shared/envelope/open-envelope.ts';
import { notificationText, ossRecord } from '../../support/oss-record.ts';
import { WRAPPINGS } from './wrappings.ts';

describe('openEnvelope', () => {
  test('openEnvelope reads every field that the pipeline uses', () => {
    const record = ossRecord({ key: 'incoming/50%/群 é.jpg', size: 12 });

    const { events, faults } = openEnvelope(Buffer.from(JSON.stringify({ events: [record] })));

    expect(faults).toEqual([]);
    expect(events).toEqual([
      {
        id: '65A0B1C2D3E4F5A6B7C8D901.0',
        eventName: 'ObjectCreated:PutObject',
        eventTime: '2026-01-15T08:30:00.000Z',
        region: 'cn-shanghai',
        accountId: '1000000000000001',
        bucket: 'photos',
        key: 'incoming/50%/群 é.jpg',
        size: 12,
        etag: '5D41402ABC4B2A76B9719D911017C592',
        requestId: '65A0B1C2D3E4F5A6B7C8D901',
        envelopes: ['oss-notification'],
        record,
      },
    ]);
  });

  test('openEnvelope numbers records within their own notification', () => {
    const batch = [
      notificationText(ossRecord({ requestId: 'A' }), ossRecord({ requestId: 'A' })),
      notificationText(ossRecord({ requestId: 'B' })),
    ];

    const { events } = openEnvelope(batch);

    expect(events.map((event) => event.id)).toEqual(['A.0', 'A.1', 'B.0']);
  });

  test('openEnvelope keeps the id under which a record was forwarded', () => {
    const cloudEvent = { specversion: '1.0', type: 'oss:X', id: 'A.3', data: ossRecord({ requestId: 'A' }) };

    const { events } = openEnvelope(cloudEvent);

    expect(events[0]?.id).toBe('A.3');
  });

  test('openEnvelope gives several records of one CloudEvent different ids', () => {
    const records = [ossRecord({ requestId: 'A' }), ossRecord({ requestId: 'A' })];

    const { events } = openEnvelope({ specversion: '1.0', id: 'A.3', data: { events: records } });

    expect(events.map(({ id }) => id)).toEqual(['A.0', 'A.1']);
  });

  test.each(['A.x', 'B.3', 'A.', 'other'])(
    'openEnvelope does not take the foreign id %s for one that the poller wrote',
    (id) => {
      const cloudEvent = { specversion: '1.0', type: 'oss:X', id, data: ossRecord({ requestId: 'A' }) };

      const { events } = openEnvelope(cloudEvent);

      expect(events[0]?.id).toBe('A.0');
    },
  );

  test('openEnvelope reports one invalid element of a batch next to the valid ones', () => {
    const bad = { ...ossRecord(), oss: { bucket: { name: 'photos' }, object: { key: '' } } };
    const batch = [
      { events: [ossRecord({ requestId: 'A' }), bad] },
      'no envelope!',
      { events: [ossRecord({ requestId: 'C' })] },
    ];

    const { events, faults } = openEnvelope(JSON.stringify(batch));

    expect(events.map((event) => event.id)).toEqual(['A.0', 'C.0']);
    expect(faults.map(({ path, content }) => ({ path, content }))).toEqual([
      { path: '[0].events[1]', content: bad },
      { path: '[1]', content: 'no envelope!' },
    ]);
  });

  test('openEnvelope says which envelope failed where, and never quotes its content', () => {
    const { faults } = openEnvelope({ events: [{ ...ossRecord(), region: 'secret/../region' }] });

    expect(faults[0]?.error).toMatchObject({
      code: 'EnvelopeUnknown',
      details: { path: '.events[0]', tried: ['oss-record: region: expected a region id'] },
    });
    expect(JSON.stringify([faults[0]?.error.message, faults[0]?.error.details])).not.toContain('secret');
  });

  test('openEnvelope names every envelope that it tried', () => {
    const { faults } = openEnvelope({ hello: 'world' });

    expect(faults[0]?.error.details.tried).toEqual([
      'oss-notification: events: expected array',
      'eventbridge-oss: specversion: expected string',
      'mns-queue-event: specversion: expected string',
      'cloudevent: specversion: expected string',
      'cloudevents-batch: expected array',
      'mns-topic-json: TopicName: expected string',
      'mns-topic-xml: expected a text that begins with <',
      'mns-topic-stream: body: expected string',
      'http-v1: version: expected v1',
      'async-destination: requestContext: expected object',
      'oss-record: eventName: expected string',
      'json-string: expected a text that begins with "',
      'base64: expected text',
    ]);
  });

  test.each([
    ['an empty text', ''],
    ['broken JSON', '{"events":['],
    ['bytes that are not UTF-8', Uint8Array.of(0xff, 0xfe, 0x00)],
    ['Base64 with a foreign character', 'eyJldmVudHMiOltdfQ=!'],
    ['Base64 without padding', 'eyJldmVudHMiOltdfX0g'.slice(0, -1)],
    [
      'XML with a document type',
      '<!DOCTYPE n [<!ENTITY x "y">]><Notification><Message>&x;</Message></Notification>',
    ],
    ['XML of another root', '<Message><MessageBody>x</MessageBody></Message>'],
    ['a number', 7],
    ['null', null],
    ['nothing', undefined],
    ['a CloudEvent without data', { specversion: '1.0', id: '1', type: 'x' }],
  ])('openEnvelope rejects %s', (_name, input) => {
    const { events, faults } = openEnvelope(input);

    expect(events).toEqual([]);
    expect(faults.map(({ error }) => error.code)).toEqual(['EnvelopeUnknown']);
  });

  test.each([
    ['another source', { eventSource: 'aws:s3' }, 'eventSource: expected acs:oss'],
    ['a time that is none', { eventTime: 'yesterday' }, 'eventTime: expected an ISO 8601 time'],
    ['no request id', { responseElements: {} }, 'responseElements.requestId: expected string'],
    ['an event name without group', { eventName: 'PutObject' }, 'eventName: expected Group:Name'],
  ])('openEnvelope rejects a record with %s', (_name, change, reason) => {
    const { faults } = openEnvelope({ events: [{ ...ossRecord(), ...change }] });

    expect(faults[0]?.error.details.tried).toEqual([`oss-record: ${reason}`]);
  });

  test.each(['evil.example/photos', 'photos@host', 'ab', '-photos', 'Photos'])(
    'openEnvelope refuses the bucket name %s',
    (bucket) => {
      const { faults } = openEnvelope({ events: [ossRecord({ bucket })] });

      expect(faults[0]?.error.details.tried).toEqual(['oss-record: oss.bucket.name: expected a bucket name']);
    },
  );

  test.each([
    ['longer than OSS allows', 'é'.repeat(512)],
    ['that is not well-formed', 'a\ud800b'],
  ])('openEnvelope rejects a key %s', (_name, key) => {
    const { faults } = openEnvelope({ events: [ossRecord({ key })] });

    expect(faults[0]?.error.details.tried).toEqual([
      'oss-record: oss.object.key: expected 1 to 1023 bytes of text',
    ]);
  });

  test.each([
    ['open brackets', '['.repeat(1_000_000)],
    ['brackets', '['.repeat(500_000) + ']'.repeat(500_000)],
    ['objects', '{"a":'.repeat(200_000)],
    ['brackets in Base64', Buffer.from('['.repeat(500_000)).toString('base64')],
  ])('openEnvelope counts %s before it parses them', (_name, text) => {
    const before = process.memoryUsage().heapUsed;
    const { faults } = openEnvelope(text);

    expect(faults.map(({ error }) => error.code)).toEqual(['EnvelopeTooDeep']);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
  });

  test('brackets within texts are no nesting', () => {
    const record = { ...ossRecord(), xVars: { 'x:a': `${'[{'.repeat(5_000)}"\\` } };

    const { events } = openEnvelope(JSON.stringify({ events: [record] }));

    expect(events[0]?.record).toEqual(record);
  });

  test('openEnvelope rejects a record that would overflow a serializer', () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);

    const { faults } = openEnvelope({ events: [{ ...ossRecord(), xVars: deep }] });

    expect(faults[0]?.error.details.tried).toEqual(['oss-record: nested too deeply']);
  });

  test('openEnvelope takes the account from the bucket ARN when the owner is missing', () => {
    const record = ossRecord();
    const { ownerIdentity: _, ...bucket } = record.oss.bucket;

    const { events } = openEnvelope({ events: [{ ...record, oss: { ...record.oss, bucket } }] });

    expect(events[0]?.accountId).toBe('1000000000000001');
  });
});

describe('openEnvelope and its bounds', () => {
  const wrap = (text: string, ...names: string[]) =>
    names.reduceRight((inner, name) => WRAPPINGS[name]!(inner), text);
  const notification = JSON.stringify({ events: [ossRecord()] });

  test('openEnvelope opens the deepest nesting that the services can build', () => {
    const names = [
      'async-destination',
      'cloudevents-batch',
      'mns-queue-event',
      'base64',
      'mns-topic-json',
      'base64',
    ];

    const { events } = openEnvelope(wrap(notification, ...names));

    expect(events[0]?.envelopes).toEqual([...names, 'oss-notification']);
  });

  test('openEnvelope rejects one envelope more than that', () => {
    const { faults } = openEnvelope(wrap(notification, ...Array(7).fill('cloudevent')));

    expect(faults[0]?.error.code).toBe('EnvelopeTooDeep');
  });

  test('openEnvelope rejects a fifth layer of Base64', () => {
    const { faults } = openEnvelope(wrap(notification, ...Array(5).fill('base64')));

    expect(faults[0]?.error.code).toBe('EnvelopeTooDeep');
  });

  test('openEnvelope opens four layers of Base64', () => {
    const { events } = openEnvelope(wrap(notification, ...Array(4).fill('base64')));

    expect(events).toHaveLength(1);
  });

  test('openEnvelope rejects more bytes than its bound, counted in UTF-8', () => {
    const { faults } = openEnvelope('é'.repeat(6), { maxBytes: 11 });

    expect(faults[0]?.error).toMatchObject({ code: 'EventTooLarge', details: { size: 12, maxBytes: 11 } });
  });

  test('openEnvelope keeps an event with too many elements whole, as one fault', () => {
    const batch = Array(4).fill(notification);

    const { events, faults } = openEnvelope(batch, { maxRecords: 3 });

    expect(events).toEqual([]);
    expect(faults.map(({ error, content }) => ({ code: error.code, content }))).toEqual([
      { code: 'EventTooLarge', content: batch },
    ]);
  });

  test('openEnvelope counts records, not the envelopes around them', () => {
    const batch = Array(3).fill(wrap(notification, 'mns-queue-event', 'base64'));

    const { events } = openEnvelope(batch, { maxRecords: 3 });

    expect(events).toHaveLength(3);
  });

  test('the content of a fault has the envelopes around it that contain nothing else', () => {
    const foreign = { specversion: '1.0', type: 'sls:Log', source: 's', id: '1', data: { topic: 'x' } };
    const batch = [foreign, wrap(notification)];

    const alone = openEnvelope(JSON.stringify(foreign));
    const amongOthers = openEnvelope(batch);

    expect(alone.faults.map(({ content }) => content)).toEqual([JSON.stringify(foreign)]);
    expect(amongOthers.faults.map(({ content }) => content)).toEqual([foreign]);
    expect(amongOthers.events).toHaveLength(1);
  });
});
