import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHttpMessage } from '../../../shared/envelope/cloud-event.ts';
import { readCloudEvents } from '../../../shared/envelope/http-cloud-events.ts';

const REQUIRED = { specversion: '1.0', id: '1', source: 'any', type: 'any' };
const HEADERS = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': 'any', 'ce-type': 'any' };

const read = (headers: Record<string, string>, body: unknown) =>
  readCloudEvents({ headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) });

const structured = (event: unknown, contentType = 'application/cloudevents+json') =>
  read({ 'content-type': contentType }, event);

const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });

/** Any event that the SDK takes for a valid one. */
const anyEvent = fc
  .record({
    id: word,
    source: fc.webPath().map((path) => path || '/'),
    type: word,
    subject: word,
    time: fc
      .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    comexample: word,
    data: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.oneof(word, fc.integer(), fc.boolean())),
  })
  .map((event) => new CloudEvent<unknown>({ ...event, datacontenttype: 'application/json' }));

describe('readCloudEvents and the SDK', () => {
  test.each(['binary', 'structured'] as const)(
    'readCloudEvents reads what the SDK writes in %s mode',
    (mode) => {
      fc.assert(
        fc.property(anyEvent, (event) => {
          const { data, ...attributes } = event.toJSON() as Record<string, unknown>;

          const { events, faults } = readCloudEvents(toHttpMessage(event, mode))!;

          expect(faults).toEqual([]);
          expect(events).toHaveLength(1);
          expect(withoutUndefined(attributes)).toMatchObject(events[0]!.attributes);
          expect(Object.keys(events[0]!.attributes).sort()).toEqual(
            Object.keys(withoutUndefined(attributes)).sort(),
          );
          expect(jsonOf(events[0]!.data)).toEqual(data);
        }),
      );
    },
  );

  test('readCloudEvents reads a batch as the SDK does', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 4 }), (batch) => {
        const headers = { 'content-type': 'application/cloudevents-batch+json' };

        const { events } = read(headers, batch)!;

        const theirs = HTTP.toEvent({ headers, body: JSON.stringify(batch) }) as CloudEvent<unknown>[];
        expect(events.map(({ attributes }) => attributes.id)).toEqual(theirs.map(({ id }) => id));
      }),
    );
  });
});

describe('readCloudEvents unlike the SDK', () => {
  test('readCloudEvents reports a missing id and does not invent one', () => {
    const { id: _id, ...without } = REQUIRED;

    expect(structured(without)).toMatchObject({ events: [], faults: [{ code: 'EnvelopeUnknown' }] });
  });

  test('readCloudEvents leaves a missing time out', () => {
    expect(structured(REQUIRED)!.events[0]!.attributes).toEqual(REQUIRED);
  });

  test('readCloudEvents keeps an invalid time, because nothing depends on it', () => {
    const time = '2020-08-17T16:04:46.149Asia/Shanghai';

    expect(structured({ ...REQUIRED, time })!.events[0]!.attributes).toMatchObject({ time });
  });

  test('readCloudEvents reads a CloudEvent of type application/json', () => {
    expect(structured({ ...REQUIRED, data: 1 }, 'application/json')!.events).toEqual([
      { attributes: REQUIRED, data: 1 },
    ]);
    expect(structured([{ ...REQUIRED, data: 1 }], 'application/json')!.events).toHaveLength(1);
  });

  test('readCloudEvents decodes headers', () => {
    const { events } = read({ ...HEADERS, 'ce-subject': 'Euro%20%E2%82%AC' }, '')!;

    expect(events[0]!.attributes.subject).toBe('Euro €');
  });

  test('readCloudEvents rejects an object as the value of an attribute', () => {
    expect(structured({ ...REQUIRED, comexample: {} })!.faults[0]!.message).toContain('comexample');
  });
});

describe('readCloudEvents and the specification', () => {
  test.each([
    ['a name in capitals', { ...REQUIRED, comExample: 'x' }],
    ['an empty id', { ...REQUIRED, id: '' }],
    ['a source that is no text', { ...REQUIRED, source: 1 }],
    ['an unknown version', { ...REQUIRED, specversion: '2.0' }],
    ['data twice', { ...REQUIRED, data: 1, data_base64: 'AA==' }],
    ['binary data that is no text', { ...REQUIRED, data_base64: 1 }],
    ['no object', 'text'],
    ['an array', []],
  ])('readCloudEvents reports %s as a fault', (_what, event) => {
    expect(structured(JSON.stringify(event))).toMatchObject({
      events: [],
      faults: [{ code: 'EnvelopeUnknown' }],
    });
  });

  test('readCloudEvents treats null as absent and accepts booleans and numbers', () => {
    const { events } = structured({ ...REQUIRED, subject: null, comcount: 2, comflag: true })!;

    expect(events[0]!.attributes).toEqual({ ...REQUIRED, comcount: 2, comflag: true });
  });

  test('readCloudEvents returns binary data as bytes', () => {
    expect(structured({ ...REQUIRED, data_base64: 'AP8=' })!.events[0]!.data).toEqual(Buffer.from([0, 255]));
  });

  test('readCloudEvents takes the content type of binary mode as an attribute, and an empty body as no data', () => {
    const { events } = read({ ...HEADERS, 'content-type': 'text/plain' }, '')!;

    expect(events).toEqual([{ attributes: { ...REQUIRED, datacontenttype: 'text/plain' }, data: undefined }]);
  });

  test('readCloudEvents returns the valid events of a batch with a malformed one', () => {
    const { events, faults } = structured([REQUIRED, 1], 'application/cloudevents-batch+json')!;

    expect(events).toHaveLength(1);
    expect(faults).toHaveLength(1);
  });
});

test.each([
  ['other JSON', { 'content-type': 'application/json' }, '{"events":[]}'],
  ['broken JSON', { 'content-type': 'application/json' }, '{'],
  ['text', { 'content-type': 'text/plain' }, '{"specversion":"1.0"}'],
  ['nothing', {}, ''],
])('readCloudEvents does not take %s for a CloudEvent', (_what, headers, body) => {
  expect(read(headers as Record<string, string>, body)).toBeUndefined();
});

test('readCloudEvents never throws, whatever the body is', () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.constantFrom(
        'application/json',
        'application/cloudevents+json',
        'application/cloudevents-batch+json',
        '',
      ),
      (body, contentType) => {
        expect(() => readCloudEvents({ headers: { 'content-type': contentType }, body })).not.toThrow();
      },
    ),
  );
});

function withoutUndefined(attributes: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

function jsonOf(data: unknown): unknown {
  return data instanceof Uint8Array ? JSON.parse(Buffer.from(data).toString()) : data;
}
