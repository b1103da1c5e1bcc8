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
    const startedAt = clock.monotonic();
    await clock.advance(100);

    limiter.overloaded(startedAt);
    limiter.overloaded(startedAt);
    limiter.overloaded(startedAt);

    expect(limiter.limit()).toBe(8);
  });

  test('the limiter halves again for a handler that began after the last decrease', async () => {
    const { clock, limiter } = limiterOf(16);
    limiter.overloaded(clock.monotonic());
    await clock.advance(1);

    limiter.overloaded(clock.monotonic());

    expect(limiter.limit()).toBe(4);
  });

  test('the limiter grows by one for each round of successes, up to its maximum', () => {
    const { clock, limiter } = limiterOf(6);
    limiter.overloaded(clock.monotonic());

    const limits = Array.from({ length: 30 }, () => {
      limiter.succeeded();
      return limiter.limit();
    });

    expect(limits.slice(0, 4)).toEqual([3, 3, 3, 4]);
    expect(limits.at(-1)).toBe(6);
  });

  test('the limiter pauses for as long as the sink asks', async () => {
    const { clock, limiter } = limiterOf(8);

    limiter.overloaded(clock.monotonic(), 2_000);
    const at = limiter.pauseMs();
    await clock.advance(2_000);

    expect([at, limiter.pauseMs()]).toEqual([2_000, 0]);
  });

  test('the limiter at its lower bound pauses longer after each refusal, until one succeeds', async () => {
    const { clock, limiter } = limiterOf(1);
    const pauses: number[] = [];

    for (let refusal = 0; refusal < 3; refusal++) {
      limiter.overloaded(clock.monotonic());
      pauses.push(limiter.pauseMs());
      await clock.advance(limiter.pauseMs());
    }
    limiter.succeeded();
    limiter.overloaded(clock.monotonic());

    expect([...pauses, limiter.pauseMs()]).toEqual([250, 500, 1000, 250]);
  });

  test('an hour back or forth in the time of day does not change a pause', async () => {
    const { clock, limiter } = limiterOf(8);
    limiter.overloaded(clock.monotonic(), 2_000);

    const pauses = [-3_600_000, 7_200_000].map((ms) => {
      clock.jump(ms);
      return limiter.pauseMs();
    });

    expect(pauses).toEqual([2_000, 2_000]);
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
      limiter.overloaded(clock.monotonic());
      pauses.push(limiter.pauseMs());
      await clock.advance(60_000);
    }

    expect(pauses).toEqual([0, 250, 500, 1000]);
    expect(limiter.limit()).toBe(1);
  });

  test('the limiter halves for a handler that began at the time of the last decrease', () => {
    const { clock, limiter } = limiterOf(16);

    limiter.overloaded(clock.monotonic());
    limiter.overloaded(clock.monotonic());

    expect(limiter.limit()).toBe(4);
  });

  test('the limiter pauses for half a minute at most, whatever the sink asks', () => {
    const { clock, limiter } = limiterOf(8);

    limiter.overloaded(clock.monotonic(), 3_600_000);

    expect(limiter.pauseMs()).toBe(30_000);
  });
});
