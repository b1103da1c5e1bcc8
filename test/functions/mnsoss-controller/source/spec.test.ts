import { Environment } from '@marcbachmann/cel-js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DESTINATION_RULES,
  EXTENSION_RULES,
  type Rule,
  SINK_RULES,
  SPEC_RULES,
} from '../../../../functions/mnsoss-controller/source/rules.ts';
import { readSpec } from '../../../../functions/mnsoss-controller/source/spec.ts';
import { aSource } from '../objects.ts';

const cel = new Environment({ unlistedVariablesAreDyn: true }).registerVariable('self', 'dyn');

/** What the API server would say. In CEL the word `namespace` is taken, and Kubernetes escapes the field's name. */
function evaluate(rule: string, self: object): unknown {
  const escaped = Object.fromEntries(
    Object.entries(self).map(([name, value]) => [name === 'namespace' ? '__namespace__' : name, value]),
  );
  return cel.parse(rule)({ self: escaped });
}

const word = fc.constantFrom('a', 'Broker', 'eventing.knative.dev/v1');
const uri = fc.constantFrom(
  'http://sink.example',
  'https://sink/path',
  '/path',
  'sink.example',
  'ftp://sink',
  '',
);
const sink = fc.record(
  { ref: fc.constant({}), uri, apiVersion: word, kind: word, name: word, namespace: word },
  { requiredKeys: [] },
);
const extensionName = fc.oneof(
  fc.constantFrom('id', 'source', 'time', 'data', 'datacontenttype', 'stage', 'UPPER', 'with-dash', ''),
  fc.string({ maxLength: 22 }),
);
const extensions = fc.dictionary(extensionName, fc.string({ maxLength: 5 }), { noNullPrototype: true });
const queueOrTopic = fc.record({ topic: word, queue: word }, { requiredKeys: [] });

const TABLES: readonly [string, readonly Rule<never>[], fc.Arbitrary<object>][] = [
  ['a sink', SINK_RULES, sink],
  ['a dead-letter sink', DESTINATION_RULES, sink],
  ['extensions', EXTENSION_RULES, extensions],
  ['a spec', SPEC_RULES, queueOrTopic],
];

describe.each(TABLES)('the rules of %s', (_name, rules, values) => {
  test.each(rules)('the API server and the controller agree on the rule "$message"', ({ rule, holds }) => {
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(fc.oneof(fc.constant({}), values), (self) => {
        const expected = holds(self as never);
        seen.add(expected);

        expect(evaluate(rule, self)).toBe(expected);
      }),
      // Fixed, so that both answers are always among the samples.
      { seed: 1 },
    );

    expect(seen).toEqual(new Set([true, false]));
  });
});

describe('readSpec', () => {
  const { spec } = aSource();

  test('a spec has one poller unless it says otherwise', () => {
    expect(readSpec(spec)).toMatchObject({ spec: { consumers: 1 } });
  });

  test.each([
    ['neither topic nor queue', { topic: undefined }, 'spec.: set topic'],
    ['a queue with a slash', { queue: 'a/b' }, 'spec.queue: '],
    ['no token', { accessToken: undefined }, 'spec.accessToken: '],
    ['two sinks', { sink: { ref: aReference(), name: 'b' } }, 'spec.sink: apiVersion, kind, name'],
    ['a relative sink', { sink: { uri: '/a' } }, 'spec.sink: uri without ref must be absolute'],
    [
      'an overridden id',
      { ceOverrides: { extensions: { id: '1' } } },
      'spec.ceOverrides.extensions: an attribute',
    ],
    ['half a poller', { consumers: 0.5 }, 'spec.consumers: '],
    ['fewer than no pollers', { consumers: -1 }, 'spec.consumers: '],
    ['a visibility of a day', { visibilityTimeout: 86_400 }, 'spec.visibilityTimeout: '],
    ['a month between tries', { delivery: { timeout: 'P1M' } }, 'spec.delivery.timeout: '],
  ])('a spec is rejected with %s', (_what, change, fault) => {
    expect(readSpec({ ...(spec as object), ...change })).toEqual({ faults: expect.stringContaining(fault) });
  });

  test('a missing spec is rejected', () => {
    expect(readSpec(undefined)).toEqual({ faults: expect.stringContaining('spec.accessToken') });
  });
});

function aReference() {
  return { apiVersion: 'v1', kind: 'Service', name: 'a' };
}
