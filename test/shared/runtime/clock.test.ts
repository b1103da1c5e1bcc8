import { expect, test } from 'vitest';
import { manualClock, travellingClock } from '../../../shared/runtime/clock.ts';

test('the manual clock runs due timers in order of time, then of scheduling', async () => {
  const clock = manualClock(0);
  const seen: string[] = [];
  clock.after(20, () => seen.push(`c@${clock.now()}`));
  clock.after(10, () => seen.push(`a@${clock.now()}`));
  clock.after(10, () => seen.push(`b@${clock.now()}`));
  clock.after(31, () => seen.push('late'));

  await clock.advance(30);

  expect(seen).toEqual(['a@10', 'b@10', 'c@20']);
  expect(clock.now()).toBe(30);
  expect(clock.pending()).toBe(1);
});

test('the manual clock runs timers that a timer started within the same advance', async () => {
  const clock = manualClock(0);
  const seen: number[] = [];
  const tick = () => {
    seen.push(clock.now());
    if (seen.length < 3) clock.after(5, tick);
  };
  clock.after(5, tick);

  await clock.advance(15);

  expect(seen).toEqual([5, 10, 15]);
});

test('a sleep ends with the reason of its signal and leaves no timer', async () => {
  const clock = manualClock();
  const controller = new AbortController();
  const sleep = clock.sleep(1000, controller.signal);

  controller.abort(new Error('stopped'));

  await expect(sleep).rejects.toThrow('stopped');
  expect(clock.pending()).toBe(0);
});

test('the travelling clock moves ahead of its base clock and runs on with it', async () => {
  const base = manualClock(1000);
  const clock = travellingClock(base);
  const seen: string[] = [];
  for (const ms of [30, 10, 100]) clock.after(ms, () => seen.push(`${ms}@${clock.now()}`));

  await clock.advance(50);
  const between = [...seen];
  await base.advance(49);
  const before = [...seen];
  await base.advance(1);

  expect(between).toEqual(['10@1010', '30@1030']);
  expect(before).toEqual(between);
  expect(seen).toEqual([...between, '100@1100']);
  expect(base.pending()).toBe(0);
});

test('the travelling clock leaves no timer of its base clock behind a cancelled one', async () => {
  const base = manualClock(0);
  const clock = travellingClock(base);

  clock.after(10, () => expect.fail('cancelled'))();
  await clock.advance(20);

  expect(base.pending()).toBe(0);
});
