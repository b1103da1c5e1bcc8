import { describe, expect, test } from 'vitest';
import { openEnvelope } from '../../../shared/envelope/open-envelope.ts';
import { notificationText, ossRecord } from '../../support/oss-record.ts';
import { WRAPPINGS } from './wrappings.ts';

const UNREADABLE = 'not an envelope!';
const NOTIFICATION = JSON.stringify({ events: [ossRecord()] });

const faultOf = (input: unknown) => openEnvelope(input).faults[0]!;
const triedOn = (input: unknown) => faultOf(input).error.details.tried;

describe('path', () => {
  test.each([
    ['base64', '.base64'],
    ['json-string', '.string'],
    ['cloudevents-batch', '[0]'],
    ['mns-queue-event', '.data.messageBody'],
    ['cloudevent', '.data'],
    ['mns-topic-json', '.Message'],
    ['mns-topic-xml', '.Message'],
    ['mns-topic-stream', '.body'],
    ['http-v1', '.body'],
    ['async-destination', '.requestPayload'],
  ])('an unreadable text inside %s is a fault at %s', (name, path) => {
    const fault = faultOf(WRAPPINGS[name]!(UNREADABLE));

    expect(fault.path).toBe(path);
    expect(fault.error.message).toBe(`${path} is unreadable: none of the known envelopes`);
  });

  test.each([
    ['a transformed queue event', { messageBody: UNREADABLE }, '.messageBody'],
    [
      'a CloudEvent with binary data',
      { specversion: '1.0', data_base64: Buffer.from(UNREADABLE).toString('base64') },
      '.data_base64',
    ],
  ])('an unreadable text inside %s is a fault at its field', (_, input, path) => {
    expect(faultOf(input).path).toBe(path);
  });

  test('an unreadable event as a whole has an empty path and is called the event', () => {
    const fault = faultOf(UNREADABLE);

    expect(fault.path).toBe('');
    expect(fault.error.message).toBe('the event is unreadable: none of the known envelopes');
  });

  test('an invalid record is named with the one reason that counts', () => {
    const fault = faultOf({ events: [{ ...ossRecord(), region: 'no region' }] });

    expect(fault.error.message).toBe('.events[0] is unreadable: oss-record: region: expected a region id');
  });

  test('an invalid record without a notification has the path of its field', () => {
    expect(faultOf({ ...ossRecord(), region: 'no region' }).path).toBe('');
  });
});

describe('reason', () => {
  test.each([
    ['a text that only ends with a quote', 'abc"', 'json-string: expected a text that begins with "'],
    ['a text with one quote', '"abc', 'json-string: expected a JSON string'],
    [
      'a text before XML',
      `x${WRAPPINGS['mns-topic-xml']!('x')}`,
      'mns-topic-xml: expected a text that begins with <',
    ],
    ['XML that is not well-formed', '<Notification>', 'mns-topic-xml: expected well-formed XML'],
    [
      'XML with nine levels',
      `<Notification>${'<a>'.repeat(8)}${'</a>'.repeat(8)}<Message>x</Message></Notification>`,
      'mns-topic-xml: expected well-formed XML',
    ],
    [
      'XML of another root with a message',
      '<Other><Message>x</Message></Other>',
      'mns-topic-xml: expected the root Notification',
    ],
    [
      'XML without a message',
      '<Notification><Body>x</Body></Notification>',
      'mns-topic-xml: Message: expected an element',
    ],
    ['Base64 without padding', 'YQ', 'base64: expected padded Base64'],
  ])('%s is rejected with a reason', (_, input, reason) => {
    expect(triedOn(input)).toContain(reason);
  });

  test.each([
    ['JSON that does not parse', '{"events":', 'expected JSON: the text begins like it but does not parse'],
    ['bytes that are not UTF-8', Uint8Array.of(0xff, 0xfe), 'expected text in UTF-8, got 2 other bytes'],
  ])('%s is rejected before any envelope is tried', (_, input, message) => {
    expect(faultOf(input).error.message).toContain(message);
  });
});

describe('bound', () => {
  test('too many bytes are rejected with the size and the bound', () => {
    const { error } = openEnvelope('x'.repeat(12), { maxBytes: 11 }).faults[0]!;

    expect(error.message).toBe('the event has 12 bytes, the bound is 11');
  });

  test('too many elements are rejected with their number and the bound', () => {
    const { error } = openEnvelope(Array(4).fill(NOTIFICATION), { maxRecords: 3 }).faults[0]!;

    expect(error.message).toBe('the event has 4 elements, the bound is 3');
    expect(error.details).toMatchObject({ records: 4, maxRecords: 3 });
  });

  test('too many envelopes are rejected with their names, outermost first', () => {
    const { error } = faultOf(
      ['json-string', ...Array(7).fill('cloudevent')].reduceRight(
        (inner, name) => WRAPPINGS[name]!(inner),
        NOTIFICATION,
      ),
    );

    expect(error.message).toMatch(
      /^json-string > (cloudevent > )+cloudevent: the bound is \d+ envelopes, \d+ of/,
    );
    expect(error.details).toMatchObject({
      path: expect.stringMatching(/^\.string\.data/),
      envelopes: expect.arrayContaining(['json-string', 'cloudevent']),
    });
  });
});

describe('openEnvelope', () => {
  test.each([
    [
      'a CloudEvent with binary data',
      { specversion: '1.0', data_base64: Buffer.from(NOTIFICATION).toString('base64') },
    ],
    ['a queue event that a transformation reduced to its body', { messageBody: NOTIFICATION }],
    [
      'an HTTP request with a Base64 body',
      {
        version: 'v1',
        requestContext: {},
        body: Buffer.from(NOTIFICATION).toString('base64'),
        isBase64Encoded: true,
      },
    ],
    ['a text with white space around it', `\n ${NOTIFICATION} \n`],
    ['Base64 in lines', notificationText(ossRecord()).replace(/.{76}/g, '$& \r\n')],
  ])('%s is opened', (_, input) => {
    const { events, faults } = openEnvelope(input);

    expect(faults).toEqual([]);
    expect(events.map(({ key }) => key)).toEqual(['incoming/team.jpg']);
  });

  test('an HTTP body that is not Base64 is read as UTF-8', () => {
    const body = JSON.stringify({ events: [ossRecord({ key: 'incoming/é.jpg' })] });

    const { events } = openEnvelope({ version: 'v1', requestContext: {}, body });

    expect(events[0]?.key).toBe('incoming/é.jpg');
  });

  test('a key of 1023 bytes is valid', () => {
    const key = `${'é'.repeat(511)}e`;

    expect(openEnvelope({ events: [ossRecord({ key })] }).events[0]?.key).toBe(key);
  });

  test('the account is empty when neither owner nor resource name tells it', () => {
    const record = ossRecord();
    const bucket = { name: record.oss.bucket.name };

    const { events } = openEnvelope({ events: [{ ...record, oss: { ...record.oss, bucket } }] });

    expect(events[0]?.accountId).toBe('');
  });

  test('a record may hold null in fields that are not read', () => {
    const { events } = openEnvelope({ events: [{ ...ossRecord(), xVars: { 'x:empty': null } }] });

    expect(events).toHaveLength(1);
  });

  test.each([
    ['A.12', 'A.12'],
    ['A.123456', 'A.123456'],
    ['A.1234567', 'A.0'],
    ['A.1x', 'A.0'],
    ['A.x1', 'A.0'],
  ])('the id %s of a CloudEvent becomes the id %s of its only record', (id, expected) => {
    const cloudEvent = { specversion: '1.0', type: 'oss:X', id, data: ossRecord({ requestId: 'A' }) };

    expect(openEnvelope(cloudEvent).events[0]?.id).toBe(expected);
  });
});
