import { expect, test } from 'vitest';
import { createStopwatch } from '../../../shared/pipeline/stopwatch.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';

test('the duration of a stage is the sum of its parts, failed ones included', async () => {
  const clock = manualClock();
  const { time, durations } = createStopwatch(clock);

  const answer = await time('fetch', async () => {
    await clock.advance(30);
    return 'bytes';
  });
  const failing = time('fetch', async () => {
    await clock.advance(12);
    throw new Error('planned');
  });

  await expect(failing).rejects.toThrow('planned');
  expect(answer).toBe('bytes');
  expect(durations).toEqual({ fetch: 42 });
});
