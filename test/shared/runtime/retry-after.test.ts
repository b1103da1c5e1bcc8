import { expect, test } from 'vitest';
import { parseRetryAfter } from '../../../shared/runtime/retry-after.ts';

const NOW = Date.UTC(2026, 0, 15, 8, 30, 0);

test.each([
  [undefined, undefined],
  ['0', 0],
  [' 120 ', 120_000],
  ['Thu, 15 Jan 2026 08:30:07 GMT', 7000],
  ['Thursday, 15-Jan-26 08:30:07 GMT', 7000],
  ['Thu, 15 Jan 2026 08:00:00 GMT', 0],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['Thu, soon', undefined],
  ['', undefined],
])('Retry-After %j is %s ms', (value, expected) => {
  expect(parseRetryAfter(value, NOW)).toBe(expected);
});
