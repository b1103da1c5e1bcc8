import { describe, expect, test } from 'vitest';
import {
  decodeHeaderValue,
  encodeHeaderValue,
  fromHttpMessage,
} from '../../../shared/envelope/http-message.ts';
import { openEnvelope } from '../../../shared/envelope/open-envelope.ts';
import { notificationText, ossRecord } from '../../support/oss-record.ts';

describe('fromHttpMessage', () => {
  test.each([
    ['an object', JSON.stringify({ events: [ossRecord()] })],
    ['a text of Base64', notificationText(ossRecord())],
    ['a JSON string of Base64', JSON.stringify(notificationText(ossRecord()))],
  ])('fromHttpMessage opens a binary CloudEvent whose data is %s', (_name, body) => {
    const headers = { 'Ce-Specversion': '1.0', 'Ce-Id': '1', 'Ce-Type': 'any', 'Ce-Source': 'any' };

    const { events } = openEnvelope(fromHttpMessage({ headers, body: Buffer.from(body) }));

    expect(events.map(({ key }) => key)).toEqual(['incoming/team.jpg']);
  });

  test('fromHttpMessage opens a structured CloudEvent of type application/json', () => {
    const body = Buffer.from(
      JSON.stringify({ specversion: '1.0', id: '1', type: 'oss:X', data: ossRecord() }),
    );

    const { events } = openEnvelope(
      fromHttpMessage({ headers: { 'content-type': 'application/json' }, body }),
    );

    expect(events[0]?.envelopes).toEqual(['eventbridge-oss', 'oss-record']);
  });
});

describe('encodeHeaderValue', () => {
  test.each([
    ['plain/text:1', 'plain/text:1'],
    ['a b', 'a%20b'],
    ['50%', '50%25'],
    ['"é"', '%22%C3%A9%22'],
    ['😀\r\n', '%F0%9F%98%80%0D%0A'],
  ])('encodeHeaderValue writes %j as %s', (value, expected) => {
    const encoded = encodeHeaderValue(value);

    expect(encoded).toBe(expected);
    expect(decodeHeaderValue(encoded)).toBe(value);
  });

  test('decodeHeaderValue keeps a value that cannot be decoded', () => {
    expect(decodeHeaderValue('100%')).toBe('100%');
  });
});
