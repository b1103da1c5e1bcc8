import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { retryVisibility } from '../../../../shared/mns/consumer/retry-delay.ts';

const BACKOFF = { baseMs: 5_000, capMs: 600_000 };

describe('retryVisibility', () => {
  test.each([
    [1, 5],
    [2, 10],
    [5, 80],
    [9, 600],
  ])('the visibility of a retry after %i deliveries is at most %i s', (dequeueCount, most) => {
    const seconds = retryVisibility(dequeueCount, BACKOFF, () => 1);

    expect(seconds).toBe(most);
  });

  test.each([
    [1, 5],
    [2, 10],
    [5, 25],
    [200, 600],
  ])(
    'the visibility of a retry with linear growth, after %i deliveries is at most %i s',
    (dequeueCount, most) => {
      const seconds = retryVisibility(dequeueCount, { ...BACKOFF, growth: 'linear' }, () => 1);

      expect(seconds).toBe(most);
    },
  );

  test('the visibility of a retry is whole seconds within the bounds of MNS and at least a Retry-After of up to an hour', () => {
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(43_200_000),
        (count, chance, asked) => {
          const seconds = retryVisibility(count + 1, BACKOFF, () => chance, asked);

          expect(Number.isInteger(seconds)).toBe(true);
          expect(seconds).toBeGreaterThanOrEqual(Math.max(1, Math.min(asked / 1000, 3_600)));
          expect(seconds).toBeLessThanOrEqual(3_600);
        },
      ),
    );
  });
});
