import { expect, test } from 'vitest';
import { toUtc } from '../../../shared/envelope/event-time.ts';

test.each([
  ['2026-01-15T08:30:00Z', '2026-01-15T08:30:00.000Z'],
  ['2026-01-15T08:30:00.123456789Z', '2026-01-15T08:30:00.123Z'],
  ['2026-01-15T08:30:00+08:00', '2026-01-15T00:30:00.000Z'],
  ['2020-08-17T16:04:46.149Asia/Shanghai', '2020-08-17T08:04:46.149Z'],
  ['2026-13-15T08:30:00Z', undefined],
  ['2026-01-15', undefined],
  ['2026-01-15T08:30:00', undefined],
  ['Asia/Shanghai', undefined],
  ['', undefined],
])('toUtc(%j) is %s', (text, expected) => {
  expect(toUtc(text)).toBe(expected);
});
