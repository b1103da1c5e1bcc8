import { expect, it } from 'vitest';
import { manualClock } from '../../../shared/runtime/clock.ts';

it('runs what falls due in order of time, then of scheduling', async () => {
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

it('runs timers that a timer started, within the same advance', async () => {
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

it('ends a sleep with the reason of its signal and leaves no timer', async () => {
  const clock = manualClock();
  const controller = new AbortController();
  const sleep = clock.sleep(1000, controller.signal);

  controller.abort(new Error('stopped'));

  await expect(sleep).rejects.toThrow('stopped');
  expect(clock.pending()).toBe(0);
});
