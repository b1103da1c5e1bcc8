import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys, createSortedKeys } from '../../../local/oss/store/key-order.ts';

/** Texts of few different characters, so that prefixes are shared; beyond the basic plane too. */
const key = fc.string({
  unit: fc.constantFrom('a', 'b', '/', '\u00e9', '\uffee', '\u{1f600}'),
  maxLength: 6,
});

describe('compareKeys', () => {
  test('keys are ordered by their UTF-8 bytes', () => {
    fc.assert(
      fc.property(key, key, (left, right) => {
        const expected = Buffer.compare(Buffer.from(left), Buffer.from(right));

        const order = compareKeys(left, right);

        expect(Math.sign(order)).toBe(expected);
      }),
    );
  });
});

describe('createSortedKeys', () => {
  test('sorted keys behave like a sorted set', () => {
    const step = fc.record({ add: fc.boolean(), key });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), key, (steps, start) => {
        const keys = createSortedKeys();
        const model = new Set<string>();
        for (const { add, key: name } of steps) {
          if (add) keys.add(name);
          else keys.delete(name);
          if (add) model.add(name);
          else model.delete(name);
        }

        const listed = [...keys.from(start)];

        const expected = [...model].filter((name) => compareKeys(name, start) >= 0).sort(compareKeys);
        expect(listed).toEqual(expected);
      }),
    );
  });

  test('many runs of sorted keys stay in order', () => {
    const keys = createSortedKeys();
    const names = Array.from({ length: 5000 }, (_, index) => String((index * 7919) % 5000).padStart(4, '0'));
    for (const name of names) keys.add(name);
    for (const name of names.slice(0, 1000)) keys.delete(name);

    const listed = [...keys.from('')];

    expect(listed).toEqual(names.slice(1000).sort());
  });

  test('sorted keys may change during an iteration', () => {
    const keys = createSortedKeys();
    for (const name of ['a', 'b', 'c', 'd']) keys.add(name);
    const walked: string[] = [];

    for (const name of keys.from('')) {
      walked.push(name);
      keys.delete(name);
      if (name === 'b') keys.delete('c');
    }

    expect(walked).toEqual(['a', 'b', 'd']);
  });
});
