import { expect, test } from 'vitest';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { createMemo, createRecentMap } from '../../../shared/runtime/recent.ts';

test('a memo remembers one fingerprint per key until it is too old, replaced or forgotten', async () => {
  const clock = manualClock();
  const memo = createMemo(clock, 1_000);

  memo.put('a', '1');
  await clock.advance(500);
  memo.put('b', '1');
  const young = [memo.has('a', '1'), memo.has('a', '2'), memo.has('c', '1')];
  await clock.advance(500);
  const old = [memo.has('a', '1'), memo.has('b', '1')];
  memo.put('b', '2');
  const replaced = [memo.has('b', '1'), memo.has('b', '2')];
  memo.forget('b');

  expect(young).toEqual([true, false, false]);
  expect(old).toEqual([false, true]);
  expect(replaced).toEqual([false, true]);
  expect(memo.has('b', '2')).toBe(false);
});

test('a recent map forgets the entry that was not used for the longest time', () => {
  const map = createRecentMap<string, number>(2);

  map.set('a', 1);
  map.set('b', 2);
  map.get('a');
  map.set('c', 3);

  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
  expect(map.has('b')).toBe(false);
});

test('a recent map keeps its other entries when one is set again or deleted', () => {
  const map = createRecentMap<string, number>(2);

  map.set('a', 1);
  map.set('b', 2);
  map.set('b', 3);
  map.delete('b');
  map.set('c', 4);

  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 4]);
});
