import { describe, expect, test } from 'vitest';
import { retryDelay } from '../../../local/mns/push.ts';

describe('retryDelay', () => {
  test('BACKOFF_RETRY gives three retries after ten to twenty seconds', () => {
    const lowest = [0, 1, 2, 3].map((failures) => retryDelay('BACKOFF_RETRY', failures, () => 0));
    const highest = [0, 1, 2, 3].map((failures) => retryDelay('BACKOFF_RETRY', failures, () => 1));

    expect(lowest).toEqual([10_000, 10_000, 10_000, undefined]);
    expect(highest).toEqual([20_000, 20_000, 20_000, undefined]);
  });

  test('EXPONENTIAL_DECAY_RETRY gives 176 retries within a day', () => {
    const delays: number[] = [];
    for (let failures = 0; ; failures++) {
      const delay = retryDelay('EXPONENTIAL_DECAY_RETRY', failures, () => 0);
      if (delay === undefined) break;
      delays.push(delay / 1000);
    }

    expect(delays.slice(0, 11)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512]);
    expect(delays).toHaveLength(176);
    expect(delays.reduce((sum, delay) => sum + delay)).toBeLessThanOrEqual(86_400);
  });
});
