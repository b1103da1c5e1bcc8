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

describe('what the SDK writes', () => {
  test.each(['binary', 'structured'] as const)('is read in %s mode', (mode) => {
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
  });

  test('is read in a batch, as the SDK reads it', () => {
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

describe('where the SDK is not followed', () => {
  test('an id that is absent is a fault, never made up', () => {
    const { id: _id, ...without } = REQUIRED;

    expect(structured(without)).toMatchObject({ events: [], faults: [{ code: 'EnvelopeUnknown' }] });
  });

  test('a time that is absent stays absent', () => {
    expect(structured(REQUIRED)!.events[0]!.attributes).toEqual(REQUIRED);
  });

  test('a time that is none is kept, as nothing depends on it', () => {
    const time = '2020-08-17T16:04:46.149Asia/Shanghai';

    expect(structured({ ...REQUIRED, time })!.events[0]!.attributes).toMatchObject({ time });
  });

  test('JSON that calls itself plain JSON is read', () => {
    expect(structured({ ...REQUIRED, data: 1 }, 'application/json')!.events).toEqual([
      { attributes: REQUIRED, data: 1 },
    ]);
    expect(structured([{ ...REQUIRED, data: 1 }], 'application/json')!.events).toHaveLength(1);
  });

  test('headers are decoded', () => {
    const { events } = read({ ...HEADERS, 'ce-subject': 'Euro%20%E2%82%AC' }, '')!;

    expect(events[0]!.attributes.subject).toBe('Euro €');
  });

  test('an object is no value of an attribute', () => {
    expect(structured({ ...REQUIRED, comexample: {} })!.faults[0]!.message).toContain('comexample');
  });
});

describe('the rules of the specification', () => {
  test.each([
    ['a name in capitals', { ...REQUIRED, comExample: 'x' }],
    ['an empty id', { ...REQUIRED, id: '' }],
    ['a source that is no text', { ...REQUIRED, source: 1 }],
    ['an unknown version', { ...REQUIRED, specversion: '2.0' }],
    ['data twice', { ...REQUIRED, data: 1, data_base64: 'AA==' }],
    ['binary data that is no text', { ...REQUIRED, data_base64: 1 }],
    ['no object', 'text'],
    ['an array', []],
  ])('%s is a fault', (_what, event) => {
    expect(structured(JSON.stringify(event))).toMatchObject({
      events: [],
      faults: [{ code: 'EnvelopeUnknown' }],
    });
  });

  test('null is the same as absent, and a truth or a number is a value', () => {
    const { events } = structured({ ...REQUIRED, subject: null, comcount: 2, comflag: true })!;

    expect(events[0]!.attributes).toEqual({ ...REQUIRED, comcount: 2, comflag: true });
  });

  test('binary data comes as bytes', () => {
    expect(structured({ ...REQUIRED, data_base64: 'AP8=' })!.events[0]!.data).toEqual(Buffer.from([0, 255]));
  });

  test('the content type of binary mode is an attribute, and an empty body is no data', () => {
    const { events } = read({ ...HEADERS, 'content-type': 'text/plain' }, '')!;

    expect(events).toEqual([{ attributes: { ...REQUIRED, datacontenttype: 'text/plain' }, data: undefined }]);
  });

  test('one malformed event of a batch does not lose the others', () => {
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
])('%s does not say that it is a CloudEvent', (_what, headers, body) => {
  expect(read(headers as Record<string, string>, body)).toBeUndefined();
});

test('no body makes it throw', () => {
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
