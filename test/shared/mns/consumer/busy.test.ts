import { describe, expect, test } from 'vitest';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { DONE, passing, queueWith, rig, send } from './support.ts';

const RETRY = { result: 'retry', reason: 'busy' } as const;

/** A consumer of four messages at a time, whose first handlers take these milliseconds and all others very long. */
function busyRig(...durations: number[]) {
  const requests: { atMs: number; max: number }[] = [];
  let calls = 0;
  const made = rig({
    handle: async (_, { signal }) => {
      await made.clock.sleep(durations[calls++] ?? 1_000_000, signal);
      return DONE;
    },
    queue: (clock) => {
      const from = clock.now();
      return queueWith((queue) => ({
        receive: (options) => {
          requests.push({ atMs: clock.now() - from, max: options.max });
          return queue.receive(options);
        },
      }))(clock);
    },
    options: { concurrency: 4, prefetch: 0 },
  });
  return { ...made, requests };
}

describe('requests of a busy consumer', () => {
  test('a consumer with half of its capacity free asks at once', async () => {
    const { run, requests, stop } = busyRig(100, 100);

    await run({ messages: 20, forMs: 150 });

    expect(requests).toEqual([
      { atMs: 0, max: 4 },
      { atMs: 100, max: 2 },
    ]);
    await stop({ deadlineMs: 0 });
  });

  test('a consumer with less than half of its capacity free collects room for 100 ms', async () => {
    const { run, requests, stop } = busyRig(100);

    await run({ messages: 20, forMs: 250 });

    expect(requests).toEqual([
      { atMs: 0, max: 4 },
      { atMs: 200, max: 1 },
    ]);
    await stop({ deadlineMs: 0 });
  });

  test('a consumer that was stopped cannot be started again', async () => {
    const { run, consumer, clock, emitted, queue, stop } = rig();
    await run({ forMs: 100 });
    await stop();
    await send(queue, 1);

    consumer.start();
    await clock.advance(1_000);

    expect(emitted('messageReceived')).toEqual([]);
    expect(consumer.ready()).toBe(false);
  });
});

describe('deletes of a consumer', () => {
  test('the last message in flight is deleted after 50 ms', async () => {
    const { run, stored, stop } = rig();

    await run({ messages: 1, forMs: 60 });

    expect(await stored()).toBe(0);
    await stop();
  });

  test('a message is deleted after a second, together with others, while more are in flight', async () => {
    const { clock, run, stored, stop } = busyRig(0, 500);

    await run({ messages: 3, forMs: 900 });
    const before = await stored();
    await clock.advance(100);

    expect([before, await stored()]).toEqual([3, 1]);
    await stop({ deadlineMs: 0 });
  });
});

describe('visibility of redelivered messages', () => {
  test('a message that comes a second time is renewed before it appears a third time', async () => {
    const { clock, run, queue, emitted, stop } = rig({ takesMs: 100_000 });
    await send(queue, 1);
    await queue.receive({ max: 1, waitSeconds: 0 });
    await run({ messages: 1, forMs: 30_000 });

    await clock.advance(90_000);

    const counts = emitted('messageReceived').map(({ message }) => message.dequeueCount);
    expect(counts).toEqual([1, 2]);
    expect(emitted('messageLost')).toEqual([]);
    await stop({ deadlineMs: 0 });
  });

  test('a message is hidden at the second attempt when the first fails', async () => {
    let fails = 1;
    const { run, emitted, stop } = rig({
      handle: async () => RETRY,
      queue: queueWith((queue) => ({
        changeVisibility: async (...args) => {
          if (fails-- > 0) throw new AppError('ServiceUnavailable', 'down');
          return queue.changeVisibility(...args);
        },
      })),
    });

    await run({ messages: 1, forMs: 3_000 });

    expect(emitted('releaseFailed')).toEqual([]);
    expect(emitted('messageRetried')).toMatchObject([{ where: 'queue' }]);
    await stop();
  });

  test('a message that becomes too old before its first attempt is released', async () => {
    const { run, emitted, stop } = rig({
      takesMs: 1_000_000,
      ignoresSignal: true,
      options: { concurrency: 1, prefetch: 1, maxAgeSeconds: 5 },
    });

    const ids = await run({ messages: 2, forMs: 5_000 });

    expect(emitted('messageTimedOut').map(({ messageId }) => messageId)).toEqual(ids);
    expect(emitted('messageReleased')).toEqual([{ messageId: ids[1] }]);
    await stop({ deadlineMs: 0 });
  });
});

describe('concurrency of a consumer', () => {
  test('successes at the full concurrency and plain failures do not change it', async () => {
    let calls = 0;
    const { run, emitted, stop } = rig({ handle: async () => (calls++ < 3 ? RETRY : DONE) });

    await run({ messages: 10, forMs: 1_000 });

    expect(calls).toBeGreaterThanOrEqual(10);
    expect(emitted('concurrencyChanged')).toEqual([]);
    await stop();
  });

  test('handlers that the consumer aborts itself say nothing about the sink', async () => {
    const { run, letters, stop } = rig({
      takesMs: 1_000_000,
      options: { concurrency: 5, maxAgeSeconds: 100, maxDequeueCount: 1 },
    });

    const ids = await run({ messages: 5, forMs: 101_000 });

    expect(letters.map(({ messageId }) => messageId).sort()).toEqual(ids.sort());
    await stop({ deadlineMs: 0 });
  });

  test('one refusal of an overloaded sink does not make a dead letter at the dequeue limit', async () => {
    let calls = 0;
    const { run, letters, stored, stop } = rig({
      handle: async () => (calls++ === 0 ? { ...RETRY, overloaded: true } : DONE),
      options: { maxDequeueCount: 1 },
    });

    await run({ messages: 1, forMs: 120_000 });

    expect(letters).toEqual([]);
    expect(await stored()).toBe(0);
    await stop();
  });
});

test('a drain waits for one second when the queue is empty after messages', async () => {
  const waits: number[] = [];
  const { clock, consumer, queue } = rig({
    queue: queueWith((inner) => ({
      receive: (options) => {
        waits.push(options.waitSeconds);
        return inner.receive(options);
      },
    })),
  });
  await send(queue, 1);

  const report = await passing(clock, consumer.drain({ budgetMs: 60_000 }));

  expect(report).toMatchObject({ empty: true, deleted: 1 });
  expect(Math.max(...waits)).toBe(1);
});
