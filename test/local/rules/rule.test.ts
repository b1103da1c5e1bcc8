import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { intersect, type MatchResource, matches } from '../../../local/events/filter.ts';
import { checkOverlap, checkRule, type EventRule, type NewEventRule } from '../../../local/rules/rule.ts';

function rule(fields: Partial<NewEventRule> = {}): NewEventRule {
  return {
    name: 'rule-1',
    eventTypes: ['ObjectCreated:PutObject'],
    resources: [{ bucket: 'photos', prefix: '', suffix: '' }],
    endpoints: [{ type: 'queue', name: 'queue' }],
    ...fields,
  };
}

const under = (prefix: string, suffix = '', bucket = 'photos'): MatchResource => ({ bucket, prefix, suffix });
const named = (key: string, bucket = 'photos'): MatchResource => ({ bucket, key });

describe('checkRule', () => {
  test.each([
    [{ name: 'a' }],
    [{ name: `A${'9-'.repeat(42)}` }],
    [{ eventTypes: ['ObjectCreated:*', 'ObjectRemoved:DeleteObject'] }],
    [{ resources: [under('a/'), under('b/'), named('c')] }],
    [{ endpoints: [{ type: 'http' as const, url: 'http://127.0.0.1:1' }] }],
    [{ delivery: 'direct' as const }],
  ])('the rule %j is valid', (fields) => {
    expect(() => checkRule(rule(fields))).not.toThrow();
  });

  test.each([
    [{ name: '1a' }, 'the name must begin with a letter'],
    [{ name: 'a_b' }, 'the name must begin with a letter'],
    [{ name: 'a'.repeat(86) }, 'at most 85'],
    [{ eventTypes: [] }, 'at least one event type'],
    [{ eventTypes: ['PutObject'] }, 'event type "PutObject" is unknown'],
    [{ eventTypes: ['ObjectCreated:putobject'] }, 'is unknown'],
    [{ eventTypes: ['toString:*'] }, 'is unknown'],
    [{ eventTypes: ['ObjectCreated:*', 'ObjectCreated:*'] }, 'named twice'],
    [{ resources: [] }, 'expected 1 to 5 resources, got 0'],
    [
      { resources: ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => named(key)) },
      'expected 1 to 5 resources, got 6',
    ],
    [{ resources: [under(''), named('a')] }, 'resources 1 and 2 intersect'],
    [{ resources: [under('', '', '')] }, 'names no bucket'],
    [{ endpoints: [] }, 'expected 1 to 5 endpoints, got 0'],
    [{ endpoints: [{ type: 'http' as const, url: 'ftp://x' }] }, 'must begin with http://'],
    [
      { delivery: 'direct' as const, endpoints: [{ type: 'http' as const, url: 'http://x' }] },
      'exactly one queue',
    ],
  ])('the rule %j is refused', (fields, message) => {
    expect(() => checkRule(rule(fields))).toThrow(message);
  });

  test('all faults of a rule are reported at once', () => {
    expect(() => checkRule(rule({ name: '', eventTypes: [], resources: [] }))).toThrow(
      /the name .*; at least one event type .*; expected 1 to 5 resources/,
    );
  });
});

describe('intersect', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 });
  const resource = fc.oneof(
    fc.record({ bucket: fc.constant('photos'), prefix: text, suffix: text }),
    fc.record({ bucket: fc.constant('photos'), key: text }),
  );
  /** Every text of the alphabet that is long enough to tell. */
  const keys = Array.from({ length: 7 }, (_, length) =>
    Array.from({ length: 2 ** length }, (__, index) =>
      index.toString(2).padStart(length, '0').slice(0, length).replaceAll('0', 'a').replaceAll('1', 'b'),
    ),
  ).flat();

  test('two resources intersect exactly if both cover some object', () => {
    fc.assert(
      fc.property(resource, resource, (left, right) => {
        const covers = (one: MatchResource, key: string) =>
          matches(rule({ resources: [one] }), {
            eventName: 'ObjectCreated:PutObject',
            bucket: 'photos',
            key,
          });

        const both = keys.some((key) => covers(left, key) && covers(right, key));

        expect(intersect(left, right)).toBe(both);
      }),
      { numRuns: 500 },
    );
  });

  test('resources of different buckets never intersect', () => {
    expect(intersect(under('', ''), under('', '', 'others'))).toBe(false);
  });
});

describe('checkOverlap', () => {
  const existing: EventRule = {
    ...rule({ name: 'first', eventTypes: ['ObjectCreated:*'], resources: [under('in/', '.jpg')] }),
    delivery: 'broadcast',
    format: 'SIMPLIFIED',
    created: 0,
  };

  test.each([
    [{ resources: [under('in/a', '')] }],
    [{ resources: [under('', 'a.jpg')] }],
    [{ resources: [named('in/x.jpg')] }],
    [{ eventTypes: ['ObjectCreated:*'], resources: [under('')] }],
  ])('the overlapping rule %j is refused, and the error names the other rule', (fields) => {
    expect(() => checkOverlap(rule(fields), [existing])).toThrow('overlaps with rule first');
  });

  test.each([
    [{ resources: [under('out/')] }],
    [{ resources: [under('in/', '.png')] }],
    [{ resources: [named('in/x.png')] }],
    [{ eventTypes: ['ObjectRemoved:*'], resources: [under('')] }],
    [{ resources: [under('', '', 'others')] }],
  ])('the rule %j does not overlap', (fields) => {
    expect(() => checkOverlap(rule(fields), [existing])).not.toThrow();
  });
});

describe('matches', () => {
  test.each([
    [under('in/', '.jpg'), 'in/a.jpg', true],
    [under('in/', '.jpg'), 'in/a.JPG', false],
    [under('in/', '.jpg'), 'out/a.jpg', false],
    [under(''), '', true],
    [named('a'), 'a', true],
    [named('a'), 'ab', false],
  ])('the resource %j covers the key %j: %s', (resource, key, expected) => {
    expect(
      matches(rule({ resources: [resource] }), {
        eventName: 'ObjectCreated:PutObject',
        bucket: 'photos',
        key,
      }),
    ).toBe(expected);
  });

  test('a wildcard covers the events of its group only', () => {
    const any = rule({ eventTypes: ['ObjectCreated:*'] });

    expect(matches(any, { eventName: 'ObjectCreated:UploadPart', bucket: 'photos', key: 'a' })).toBe(true);
    expect(matches(any, { eventName: 'ObjectRemoved:DeleteObject', bucket: 'photos', key: 'a' })).toBe(false);
  });
});
