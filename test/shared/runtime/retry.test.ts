import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { AppError, type ErrorCode } from '../../../shared/runtime/errors.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';
import { backoffDelay, retry } from '../../../shared/runtime/retry.ts';

describe('backoffDelay', () => {
  test('the backoff delay is between zero and a growing bound, and never above the cap', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.integer({ min: 1, max: 1000 }), fc.nat(), (attempt, baseMs, seed) => {
        const delay = backoffDelay(attempt, { baseMs, capMs: 30_000 }, seededRandom(seed));

        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(30_000, baseMs * 2 ** Math.min(attempt, 30)));
      }),
    );
  });
});

describe('retry', () => {
  function failing(times: number, code: ErrorCode, retryAfterMs?: number) {
    const calls: number[] = [];
    const work = async (attempt: number) => {
      calls.push(attempt);
      if (calls.length <= times) {
        throw new AppError(code, 'planned', retryAfterMs === undefined ? {} : { retryAfterMs });
      }
      return 'done';
    };
    return { calls, work };
  }

  const options = (clock = manualClock()) => ({
    attempts: 3,
    baseMs: 100,
    capMs: 1000,
    clock,
    random: () => 1,
  });

  test('work that fails is repeated while the error may pass', async () => {
    const clock = manualClock();
    const { calls, work } = failing(2, 'NetworkError');

    const result = retry(work, options(clock));
    await clock.advance(100 + 200);

    await expect(result).resolves.toBe('done');
    expect(calls).toEqual([0, 1, 2]);
  });

  test('a retry waits as long as the service asks', async () => {
    const clock = manualClock();
    const { calls, work } = failing(1, 'Throttled', 5000);

    const result = retry(work, options(clock));
    await clock.advance(4999);
    expect(calls).toHaveLength(1);
    await clock.advance(1);

    await expect(result).resolves.toBe('done');
  });

  test('a retry finally fails with the last error', async () => {
    const clock = manualClock();
    const { calls, work } = failing(9, 'ServiceUnavailable');

    const result = retry(work, options(clock)).catch((error: AppError) => error.code);
    await clock.advance(10_000);

    await expect(result).resolves.toBe('ServiceUnavailable');
    expect(calls).toHaveLength(3);
  });

  test.each(['InvalidImage', 'AccessDenied'] as const)(
    'work that fails is not repeated after %s',
    async (code) => {
      const { calls, work } = failing(9, code);

      await expect(retry(work, options())).rejects.toMatchObject({ code });
      expect(calls).toHaveLength(1);
    },
  );
});
