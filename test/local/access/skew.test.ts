import { expect, test } from 'vitest';
import { isSame } from '../../../local/access/compare.ts';
import { isSkewed } from '../../../local/access/skew.ts';
import { manualClock, travellingClock } from '../../../shared/runtime/clock.ts';

const MINUTE_MS = 60_000;

test.each([
  ['15 minutes ago', -15 * MINUTE_MS, false],
  ['15 minutes ahead', 15 * MINUTE_MS, false],
  ['more than 15 minutes ago', -15 * MINUTE_MS - 1, true],
  ['more than 15 minutes ahead', 15 * MINUTE_MS + 1, true],
  ['at no valid time', Number.NaN, true],
])('requests that were signed %s are checked against the clock', (_, offset, expected) => {
  const clock = manualClock();

  expect(isSkewed(clock.now() + offset, clock)).toBe(expected);
});

test('requests are compared with the clock of the clients after the clock of the cloud was advanced', async () => {
  const system = manualClock();
  const clock = travellingClock(system);

  await clock.advance(60 * MINUTE_MS);

  expect(isSkewed(system.now(), clock)).toBe(false);
  expect(isSkewed(clock.now(), clock)).toBe(true);
});

test.each([
  ['equal', 'secret', 'secret', true],
  ['different', 'secret', 'Secret', false],
  ['of different lengths', 'secret', 'secrets', false],
  ['empty and not empty', '', 'a', false],
])('texts that are %s are compared without an error', (_, left, right, expected) => {
  expect(isSame(left, right)).toBe(expected);
});
