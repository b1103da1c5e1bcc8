import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openEnvelope } from '../../../shared/envelope/open-envelope.ts';
import { ossRecord } from '../../support/oss-record.ts';
import { WRAPPINGS } from './wrappings.ts';

const key = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 200 })
  .filter((text) => Buffer.byteLength(text) <= 1023);
const nesting = fc
  .array(fc.constantFrom(...Object.keys(WRAPPINGS)), { maxLength: 6 })
  .filter((names) => names.filter((name) => name === 'base64').length <= 4);

describe('openEnvelope', () => {
  test('openEnvelope finds the record in any nesting of envelopes', () => {
    fc.assert(
      fc.property(key, nesting, fc.boolean(), (objectKey, names, asBytes) => {
        const record = ossRecord({ key: objectKey });
        const inner = JSON.stringify({ events: [record] });
        const text = names.reduceRight((value, name) => WRAPPINGS[name]!(value), inner);

        const { events, faults } = openEnvelope(asBytes ? Buffer.from(text) : text);

        expect(faults).toEqual([]);
        expect(events.map((event) => event.record)).toEqual([record]);
        expect(events[0]?.key).toBe(objectKey);
        expect(events[0]?.envelopes).toEqual([...names, 'oss-notification']);
      }),
    );
  });

  test('openEnvelope never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const { events, faults } = openEnvelope(bytes);

        expect(events).toEqual([]);
        expect(faults).toHaveLength(1);
        expect(faults[0]!.content).toEqual(bytes);
      }),
      { examples: [[Uint8Array.from(Buffer.from('+///'))]] },
    );
  });

  test('openEnvelope gives each part of any JSON an event or a fault with a code', () => {
    const fields = [
      'events',
      'data',
      'specversion',
      'Message',
      'TopicName',
      'body',
      'attrs',
      'eventName',
      'oss',
    ];
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 6 },
        fc.string(),
        fc.integer(),
        fc.constant(null),
        fc.array(tie('json'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom(...fields, '__proto__'), tie('json'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(json, (value) => {
        const { events, faults } = openEnvelope(JSON.stringify(value));

        expect(events).toEqual([]);
        for (const { error } of faults) expect(['EnvelopeUnknown', 'EnvelopeTooDeep']).toContain(error.code);
      }),
    );
  });

  test('openEnvelope gives each element of a batch one event or one fault', () => {
    const element = fc.oneof(
      fc.constant({ events: [ossRecord()] }),
      fc.constant({ events: [{}] }),
      fc.string(),
      fc.integer(),
    );
    fc.assert(
      fc.property(fc.array(element), (batch) => {
        const { events, faults } = openEnvelope(batch);

        expect(events.length + faults.length).toBe(batch.length);
      }),
    );
  });

  test.each([
    ['nested arrays', `${'['.repeat(500_000)}${']'.repeat(500_000)}`],
    ['white space within Base64', `YQ==${' '.repeat(1_000_000)}!`],
    ['a million elements', `[${'0,'.repeat(1_000_000)}0]`],
    ['quotes of quotes', '"'.repeat(1_000_000)],
    ['elements of XML', '<a>'.repeat(300_000)],
  ])('openEnvelope reports a megabyte of %s as one fault', (_name, text) => {
    const { events, faults } = openEnvelope(text);

    expect({ events, faults: faults.length }).toEqual({ events: [], faults: 1 });
  });
});
