import { expect, test } from 'vitest';
import { isTimerEvent, readTimerEvent } from '../../../shared/envelope/timer.ts';

test('readTimerEvent reads a timer event with the fields that it knows', () => {
  const bytes = Buffer.from('{"triggerTime":"2026-01-15T08:30:00Z","triggerName":"drain","payload":"{}"}');

  const timer = readTimerEvent(bytes);

  expect(timer).toEqual({ triggerTime: '2026-01-15T08:30:00Z', triggerName: 'drain', payload: '{}' });
});

test.each(['{"events":[]}', '{"triggerName":"drain"}', 'not JSON', '{', ''])(
  '%j is no timer event',
  (text) => {
    expect(readTimerEvent(text)).toBeUndefined();
  },
);

test.each([
  [{ triggerTime: '2026-01-15T08:30:00Z', triggerName: 'drain' }, true],
  [{ triggerName: 'drain' }, false],
  [null, false],
])('isTimerEvent(%j) is %s', (value, expected) => {
  expect(isTimerEvent(value)).toBe(expected);
});
