import { describe, expect, onTestFinished, test } from 'vitest';
import type { MessageQueue } from '../../../../shared/mns/queue.ts';
import type { ManualClock } from '../../../../shared/runtime/clock.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { createMemoryQueue } from '../../../support/memory-queue.ts';
import { DONE, rig, send } from './support.ts';

describe('createConsumer', () => {
  test('a consumer handles and deletes every message', async () => {
    const handled: string[] = [];
    const { run, consumer, stored, stop } = rig({
      handle: async ({ messageId }) => {
        handled.push(messageId);
        return DONE;
      },
    });

    const ids = await run({ messages: 50, forMs: 5_000 });

    expect(handled.sort()).toEqual(ids.sort());
    expect(await stored()).toBe(0);
    expect(consumer.inFlight()).toBe(0);
    await stop();
  });

  test('a consumer never holds more messages than concurrency and prefetch, nor runs more handlers than concurrency', async () => {
    let running = 0;
    let mostRunning = 0;
    let mostHeld = 0;
    const { clock, run, consumer, emitted, stored, stop } = rig({
      handle: async () => {
        mostRunning = Math.max(mostRunning, ++running);
        mostHeld = Math.max(mostHeld, consumer.inFlight());
        await clock.sleep(300);
        running--;
        return DONE;
      },
      options: { concurrency: 4, prefetch: 3, maxReceives: 3 },
    });

    await run({ messages: 100, forMs: 20_000 });

    expect(mostRunning).toBe(4);
    expect(mostHeld).toBe(7);
    expect(emitted('receiveCompleted').every(({ requested }) => requested <= 7)).toBe(true);
    expect(await stored()).toBe(0);
    await stop();
  });

  test('a consumer polls an empty queue with one long poll at a time', async () => {
    const { run, emitted, stop } = rig();

    await run({ forMs: 60_000 });

    expect(emitted('receiveCompleted').length).toBeLessThanOrEqual(3);
    await stop();
  });

  test('a consumer rests between polls when it must not use long polls', async () => {
    const { run, emitted, stop } = rig({ options: { waitSeconds: 0 } });

    await run({ forMs: 60_000 });

    expect(emitted('receiveCompleted').length).toBeLessThanOrEqual(15);
    await stop();
  });

  test('a consumer is ready after the first answer and no longer after it stops', async () => {
    const { run, consumer, stop } = rig();

    const before = consumer.ready();
    await run({ forMs: 1 });
    const started = consumer.ready();
    await stop();

    expect([before, started, consumer.ready()]).toEqual([false, true, false]);
  });

  test('a consumer hides a failed message for longer each time and dead-letters it at the limit', async () => {
    const { run, letters, emitted, stored, stop } = rig({
      handle: async () => ({ result: 'retry', reason: 'not today' }),
      options: { maxDequeueCount: 4 },
    });

    const [messageId] = await run({ messages: 1, forMs: 600_000 });

    expect(emitted('messageRetried')).toHaveLength(3);
    expect(letters).toMatchObject([
      { messageId, body: 'body 0', dequeueCount: 4, code: 'DequeueLimitExceeded', priority: 8 },
    ]);
    expect(letters[0]?.reason).toContain('not today');
    expect(await stored()).toBe(0);
    await stop();
  });

  test('a consumer tries a message again that was received too often elsewhere, because the sink may be up again', async () => {
    const { clock, run, queue, letters, stored, stop } = rig({ options: { maxDequeueCount: 1 } });
    await receivedElsewhere(queue, clock, 2);

    await run({ forMs: 2_000 });

    expect(letters).toEqual([]);
    expect(await stored()).toBe(0);
    await stop();
  });

  test('a consumer dead-letters a message without an attempt after three times the limit, because it may kill the process', async () => {
    let calls = 0;
    const { clock, run, queue, letters, stop } = rig({
      handle: async () => {
        calls++;
        return DONE;
      },
      options: { maxDequeueCount: 1 },
    });
    await receivedElsewhere(queue, clock, 3);

    await run({ forMs: 2_000 });

    expect(calls).toBe(0);
    expect(letters).toMatchObject([
      {
        code: 'DequeueLimitExceeded',
        dequeueCount: 4,
        reason: 'received 4 times; it was never finished',
      },
    ]);
    await stop();
  });

  test('a consumer dead-letters a message that a sink has refused for a day, before the queue drops it', async () => {
    const { clock, run, letters, stored, stop } = rig({
      handle: async () => ({ result: 'retry', reason: 'HTTP 503', overloaded: true }),
      options: { maxDequeueCount: 2, maxAgeSeconds: 600 },
    });

    await run({ messages: 8, forMs: 86_400_000 });
    const lettersOfTheDay = letters.length;
    await clock.advance(7_200_000);

    expect(lettersOfTheDay).toBe(0);
    expect(letters).toHaveLength(8);
    expect(letters[0]?.reason).toContain('HTTP 503');
    expect(await stored()).toBe(0);
    await stop();
  });

  test('a consumer deletes a message only after its dead letter is stored', async () => {
    let storeFails = true;
    const kept: string[] = [];
    const { clock, run, emitted, stored, stop } = rig({
      handle: async () => ({ result: 'rejected', code: 'SinkRejected', reason: 'no' }),
      deadLetters: {
        name: 'flaky',
        put: async ({ messageId }) => {
          if (storeFails) throw new AppError('ServiceUnavailable', 'down');
          kept.push(messageId);
        },
      },
    });

    const ids = await run({ messages: 1, forMs: 5_000 });
    const storedWhileFailing = await stored();
    storeFails = false;
    await clock.advance(120_000);

    expect(storedWhileFailing).toBe(1);
    expect(emitted('deadLetterFailed')[0]).toMatchObject({ error: { code: 'ServiceUnavailable' } });
    expect(kept).toEqual(ids);
    expect(await stored()).toBe(0);
    await stop();
  });

  test('a consumer waits for a short Retry-After under the same receipt', async () => {
    const times: number[] = [];
    const { clock, run, emitted, stored, stop } = rig({
      handle: async () => {
        times.push(clock.now());
        return times.length === 1 ? { result: 'retry', reason: 'busy', retryAfterMs: 3_000 } : DONE;
      },
    });

    await run({ messages: 1, forMs: 6_000 });

    expect(times[1]! - times[0]!).toBe(3_000);
    expect(emitted('messageReceived')).toHaveLength(1);
    expect(emitted('messageRetried')).toMatchObject([{ where: 'here', delayMs: 3_000 }]);
    expect(await stored()).toBe(0);
    await stop();
  });

  test('a consumer leaves a long Retry-After to the queue', async () => {
    const { run, emitted, stop } = rig({
      handle: async (_, { attempt }) => ({ result: 'retry', reason: `try ${attempt}`, retryAfterMs: 90_000 }),
    });

    await run({ messages: 1, forMs: 89_000 });

    expect(emitted('messageRetried')).toMatchObject([{ where: 'queue', delayMs: 90_000 }]);
    expect(emitted('messageReceived')).toHaveLength(1);
    await stop();
  });

  test('a consumer renews the visibility of a message while its handler runs', async () => {
    const { run, emitted, stored, stop } = rig({ takesMs: 200_000 });

    await run({ messages: 1, forMs: 203_000 });

    expect(emitted('messageReceived')).toHaveLength(1);
    expect(emitted('visibilityRenewed').length).toBeGreaterThan(4);
    expect(emitted('messageLost')).toEqual([]);
    expect(await stored()).toBe(0);
    await stop();
  });

  test('a consumer aborts a handler that takes too long and retries its message', async () => {
    let aborted = 0;
    const { clock, run, emitted, stop } = rig({
      handle: async (_, { signal }) => {
        await clock.sleep(10_000_000, signal).finally(() => aborted++);
        return DONE;
      },
      options: { maxAgeSeconds: 100 },
    });

    await run({ messages: 1, forMs: 101_000 });

    expect(aborted).toBe(1);
    expect(emitted('messageTimedOut')).toMatchObject([{ ageMs: 100_000 }]);
    expect(emitted('messageRetried')).toHaveLength(1);
    await stop();
  });

  test('a consumer aborts a handler whose message was redelivered elsewhere, and leaves it alone', async () => {
    let reason: unknown;
    const { clock, run, queue, consumer, emitted, stop } = rig({
      handle: async (message, { signal }) => {
        await queue.delete([message.receiptHandle]);
        await clock.sleep(100_000, signal).catch(() => {
          reason = signal.reason;
        });
        return DONE;
      },
    });

    await run({ messages: 1, forMs: 20_000 });

    expect(String(reason)).toContain('redelivered elsewhere');
    expect(emitted('messageLost')).toMatchObject([{ during: 'renew' }]);
    expect(consumer.inFlight()).toBe(0);
    await stop();
  });

  test('a consumer lowers the concurrency while the sink is overloaded, and raises it again', async () => {
    let overloaded = true;
    const { clock, run, emitted, stored, stop } = rig({
      handle: async () => {
        await clock.sleep(100);
        return overloaded ? { result: 'retry', reason: '429', overloaded: true } : DONE;
      },
      options: { concurrency: 8, prefetch: 8, maxDequeueCount: 2, retry: { baseMs: 1_000, capMs: 5_000 } },
    });

    await run({ messages: 60, forMs: 60_000 });
    const lowest = Math.min(...emitted('concurrencyChanged').map(({ limit }) => limit));
    overloaded = false;
    await clock.advance(120_000);

    expect(lowest).toBe(1);
    expect(emitted('concurrencyChanged').at(-1)).toEqual({ limit: 8 });
    expect(emitted('messageDeadLettered')).toEqual([]);
    expect(await stored()).toBe(0);
    await stop();
  });

  test('a consumer calls a failing queue fewer than ten times in five seconds and recovers by itself', async () => {
    let down = true;
    const calls: number[] = [];
    const { clock, run, consumer, emitted, stored, stop } = rig({
      queue: (clock) => {
        const queue = createMemoryQueue({ clock });
        return {
          ...queue,
          receive: async (options) => {
            calls.push(clock.now());
            if (down) throw new AppError('QueueNotExist', 'gone');
            return queue.receive(options);
          },
        };
      },
    });

    await run({ messages: 20, forMs: 5_000 });
    const callsWhileDown = calls.length;
    const readyWhileDown = consumer.ready();
    down = false;
    await clock.advance(60_000);

    expect(callsWhileDown).toBeLessThanOrEqual(10);
    expect(callsWhileDown).toBeGreaterThan(2);
    expect(readyWhileDown).toBe(false);
    expect(emitted('serviceRecovered')).toHaveLength(1);
    expect(consumer.ready()).toBe(true);
    expect(await stored()).toBe(0);
    await stop();
  });

  test('a consumer lets many messages wait for a queue that is down without a warning of Node', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const { run, emitted, stop } = rig({
      handle: async () => ({ result: 'retry', reason: 'busy' }),
      queue: (clock) => ({
        ...createMemoryQueue({ clock }),
        changeVisibility: async () => {
          throw new AppError('ServiceUnavailable', 'down');
        },
      }),
    });

    await run({ messages: 16, forMs: 3_000 });
    await stop();
    await new Promise((resolve) => setImmediate(resolve));

    expect(emitted('serviceFailed').length).toBeGreaterThan(0);
    expect(warnings).toEqual([]);
  });

  test('a consumer continues when a listener throws', async () => {
    const { run, consumer, stored, stop } = rig();
    consumer.on('messageReceived', () => {
      throw new Error('a fault of the listener');
    });

    await run({ messages: 3, forMs: 2_000 });

    expect(await stored()).toBe(0);
    await stop();
  });
});

/** Sends one message and lets so many receives of it run out. */
async function receivedElsewhere(queue: MessageQueue, clock: ManualClock, times: number): Promise<void> {
  await send(queue, 1);
  for (let time = 0; time < times; time++) {
    await queue.receive({ max: 1, waitSeconds: 0 });
    await clock.advance(31_000);
  }
}
