import { expect, test } from 'vitest';
import { createInFlightMessages, type InFlightMessage } from '../../../../shared/mns/consumer/in-flight.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';

const anItem = () => ({ phase: 'ready' }) as InFlightMessage;

test('a message that leaves twice does not take another message with it', () => {
  const inFlight = createInFlightMessages(manualClock());
  const [first, second, third] = [anItem(), anItem(), anItem()];
  for (const item of [first, second, third]) inFlight.add(item);

  inFlight.delete(first);
  inFlight.delete(first);

  expect(inFlight.size()).toBe(2);
  expect(new Set(inFlight.all())).toEqual(new Set([second, third]));
});
