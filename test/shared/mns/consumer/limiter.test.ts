import { describe, expect, test } from 'vitest';
import { createLimiter } from '../../../../shared/mns/consumer/limiter.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';

const limiterOf = (max: number) => {
  const clock = manualClock();
  return { clock, limiter: createLimiter({ max, clock, random: () => 0.5 }) };
};

describe('createLimiter', () => {
  test('the limiter halves once for all handlers that were refused together', async () => {
    const { clock, limiter } = limiterOf(16);
    const startedAt = clock.now();
    await clock.advance(100);

    limiter.overloaded(startedAt);
    limiter.overloaded(startedAt);
    limiter.overloaded(startedAt);

    expect(limiter.limit()).toBe(8);
  });

  test('the limiter halves again for a handler that began after the last decrease', async () => {
    const { clock, limiter } = limiterOf(16);
    limiter.overloaded(clock.now());
    await clock.advance(1);

    limiter.overloaded(clock.now());

    expect(limiter.limit()).toBe(4);
  });

  test('the limiter grows by one for each round of successes, up to its maximum', () => {
    const { clock, limiter } = limiterOf(6);
    limiter.overloaded(clock.now());

    const limits = Array.from({ length: 30 }, () => {
      limiter.succeeded();
      return limiter.limit();
    });

    expect(limits.slice(0, 4)).toEqual([3, 3, 3, 4]);
    expect(limits.at(-1)).toBe(6);
  });

  test('the limiter pauses for as long as the sink asks', async () => {
    const { clock, limiter } = limiterOf(8);

    limiter.overloaded(clock.now(), 2_000);
    const at = limiter.pauseMs();
    await clock.advance(2_000);

    expect([at, limiter.pauseMs()]).toEqual([2_000, 0]);
  });

  test('the limiter attributes failures to the sink when nothing succeeds, and pauses longer each time', async () => {
    const { clock, limiter } = limiterOf(8);
    for (let failure = 0; failure < 5; failure++) limiter.failed();
    const first = limiter.pauseMs();
    await clock.advance(first);

    limiter.failed();

    expect(limiter.sinkIsDown()).toBe(true);
    expect([first, limiter.pauseMs()]).toEqual([250, 500]);
    limiter.succeeded();
    expect(limiter.sinkIsDown()).toBe(false);
  });

  test('the limiter follows a new maximum downwards at once and upwards with success', () => {
    const { limiter } = limiterOf(8);
    limiter.setMax(2);
    const lowered = limiter.limit();

    limiter.setMax(4);
    for (let success = 0; success < 10; success++) limiter.succeeded();

    expect([lowered, limiter.limit()]).toEqual([2, 4]);
  });

  test('the limiter pauses at the bottom only, longer each time', async () => {
    const { clock, limiter } = limiterOf(2);
    const pauses: number[] = [];
    for (let refusal = 0; refusal < 4; refusal++) {
      limiter.overloaded(clock.now());
      pauses.push(limiter.pauseMs());
      await clock.advance(60_000);
    }

    expect(pauses).toEqual([0, 250, 500, 1000]);
    expect(limiter.limit()).toBe(1);
  });

  test('the limiter halves for a handler that began at the time of the last decrease', () => {
    const { clock, limiter } = limiterOf(16);

    limiter.overloaded(clock.now());
    limiter.overloaded(clock.now());

    expect(limiter.limit()).toBe(4);
  });

  test('the limiter attributes failures to the sink from the fifth in a row, overloads included', () => {
    const { clock, limiter } = limiterOf(8);
    for (let failure = 0; failure < 2; failure++) limiter.failed();
    for (let refusal = 0; refusal < 2; refusal++) limiter.overloaded(clock.now());
    const before = limiter.sinkIsDown();

    limiter.overloaded(clock.now());

    expect([before, limiter.sinkIsDown()]).toEqual([false, true]);
  });

  test('the limiter pauses for half a minute at most, whatever the sink asks', () => {
    const { clock, limiter } = limiterOf(8);

    limiter.overloaded(clock.now(), 3_600_000);

    expect(limiter.pauseMs()).toBe(30_000);
  });
});
