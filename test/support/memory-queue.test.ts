import { expect, test } from 'vitest';
import { manualClock } from '../../shared/runtime/clock.ts';
import { messageQueueContract } from '../contracts/message-queue.ts';
import { createMemoryQueue } from './memory-queue.ts';

messageQueueContract('the memory queue', async (attributes) => {
  const clock = manualClock();
  const queue = createMemoryQueue({ clock, ...attributes });
  return { queue, advance: clock.advance, close: queue.close };
});

test('the memory queue serves waiting polls in the order in which they began', async () => {
  const queue = createMemoryQueue({ clock: manualClock() });
  const first = queue.receive({ max: 1, waitSeconds: 30 });
  const second = queue.receive({ max: 1, waitSeconds: 30 });

  await queue.send('a');
  await queue.send('b');

  expect((await first).map((message) => message.body)).toEqual(['a']);
  expect((await second).map((message) => message.body)).toEqual(['b']);
});

test('the memory queue leaves no timer behind when polls end by message, time, signal or close', async () => {
  const clock = manualClock();
  const queue = createMemoryQueue({ clock });
  const controller = new AbortController();
  await queue.send('delayed', { delaySeconds: 60 });
  const aborted = queue.receive({ max: 1, waitSeconds: 30, signal: controller.signal });
  const timed = queue.receive({ max: 1, waitSeconds: 1 });
  const closed = queue.receive({ max: 1, waitSeconds: 30 });

  controller.abort();
  await expect(aborted).rejects.toMatchObject({ code: 'Aborted' });
  await clock.advance(1000);
  await expect(timed).resolves.toEqual([]);
  const ended = expect(closed).rejects.toMatchObject({ code: 'Aborted' });
  await queue.close();
  await ended;

  expect(clock.pending()).toBe(0);
});
