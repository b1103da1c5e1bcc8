import { expect, it } from 'vitest';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { createMemo } from '../../../shared/runtime/recent.ts';

it('remembers one fingerprint of a key until it is too old, replaced or forgotten', async () => {
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
