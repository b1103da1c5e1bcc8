import { describe, expect, test } from 'vitest';
import type { ReceivedMessage } from '../../../../shared/mns/queue.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { createMemoryQueue } from '../../../support/memory-queue.ts';
import { passing, queueWith, rig, send } from './support.ts';

describe('Consumer.stop', () => {
  test('a stopping consumer aborts its long poll and leaves no timer behind', async () => {
    const { clock, run, stop } = rig();
    await run({ forMs: 10_000 });

    const { tookMs } = await stop();

    expect(tookMs).toBeLessThanOrEqual(50);
    expect(clock.pending()).toBe(0);
  });

  test('a stopping consumer finishes running messages, acknowledges them, and releases the rest at once', async () => {
    const { clock, run, queue, emitted, stored, stop } = rig({
      takesMs: 5_000,
      options: { concurrency: 3, prefetch: 3 },
    });
    await run({ messages: 6, forMs: 1_000 });

    const report = await stop({ deadlineMs: 10_000 });

    expect(report).toMatchObject({ received: 6, deleted: 3, released: 3, abandoned: 0, unacknowledged: 0 });
    expect(report.tookMs).toBeLessThanOrEqual(4_100);
    expect(emitted('messageReleased')).toHaveLength(3);
    expect(await stored()).toBe(3);
    expect((await queue.attributes()).activeMessages).toBe(3);
    expect(clock.pending()).toBe(0);
  });

  test('a stopping consumer aborts handlers at the deadline and releases their messages', async () => {
    const { clock, run, queue, stop } = rig({ takesMs: 1_000_000 });
    await run({ messages: 4, forMs: 1_000 });

    const report = await stop({ deadlineMs: 2_000 });
    await clock.advance(1_000);

    expect(report).toMatchObject({ released: 4, deleted: 0, abandoned: 0 });
    expect(report.tookMs).toBeLessThanOrEqual(2_100);
    expect((await queue.attributes()).activeMessages).toBe(4);
  });

  test('a stopping consumer ends in time and releases messages even if a handler ignores its signal', async () => {
    const { clock, run, queue, stop } = rig({ takesMs: 1_000_000, ignoresSignal: true });
    await run({ messages: 2, forMs: 1_000 });

    const report = await stop({ deadlineMs: 2_000 });
    await clock.advance(1_000);

    expect(report).toMatchObject({ released: 2, abandoned: 2 });
    expect(report.tookMs).toBeLessThanOrEqual(4_000);
    expect((await queue.attributes()).activeMessages).toBe(2);
  });

  test('a stopping consumer waits a moment for a request just sent, which may bring messages', async () => {
    const { clock, run, emitted, stop } = rig();
    await run({ forMs: 100 });

    const { tookMs } = await stop();

    expect(tookMs).toBeGreaterThanOrEqual(400);
    expect(tookMs).toBeLessThanOrEqual(550);
    expect(emitted('receiveFailed')).toEqual([]);
    expect(clock.pending()).toBe(0);
  });

  test('a stopping consumer releases the messages of an answer that arrives after it began to stop', async () => {
    let answer: (messages: ReceivedMessage[]) => void = () => {};
    const clock = manualClock();
    const inner = createMemoryQueue({ clock });
    const { run, consumer } = rig({
      clock,
      queue: () => ({
        ...inner,
        receive: () =>
          new Promise<ReceivedMessage[]>((resolve) => {
            answer = resolve;
          }),
      }),
    });
    await run({ messages: 3, forMs: 100 });

    const stop = consumer.stop({ deadlineMs: 1_000 });
    await clock.advance(100);
    answer(await inner.receive({ max: 3, waitSeconds: 0 }));
    const report = await passing(clock, stop);
    await clock.advance(1_000);

    expect(report).toMatchObject({ received: 3, released: 3, deleted: 0 });
    expect((await inner.attributes()).activeMessages).toBe(3);
  });

  test('a stopping consumer counts as released only what was released', async () => {
    const { clock, run, emitted, stop } = rig({
      takesMs: 1_000_000,
      queue: queueWith(() => ({ changeVisibility: () => Promise.reject(new Error('connection refused')) })),
    });
    await run({ messages: 3, forMs: 1_000 });

    const report = await stop({ deadlineMs: 1_000 });
    await clock.advance(1_000);

    expect(report).toMatchObject({ received: 3, released: 0, deleted: 0 });
    expect(emitted('releaseFailed')).toHaveLength(3);
    expect(emitted('messageReleased')).toEqual([]);
  });

  test('a stopping consumer reports what could not be acknowledged when the queue is down', async () => {
    const { clock, run, stop } = rig({
      queue: queueWith(() => ({ delete: () => Promise.reject(new Error('connection refused')) })),
    });
    await run({ messages: 5, forMs: 3_000 });

    const report = await stop({ deadlineMs: 1_000 });

    expect(report).toMatchObject({ deleted: 0, unacknowledged: 5 });
    expect(report.tookMs).toBeLessThanOrEqual(3_000);
    expect(clock.pending()).toBe(0);
  });

  test('stop returns the same promise to every caller', async () => {
    const { clock, run, consumer } = rig();
    await run({ forMs: 1 });

    const first = consumer.stop();

    expect(consumer.stop()).toBe(first);
    await passing(clock, first);
  });
});

describe('Consumer.drain', () => {
  test('a drain ends when the queue is empty', async () => {
    const { clock, queue, consumer, stored } = rig({ takesMs: 100 });
    await send(queue, 60);

    const drain = consumer.drain({ budgetMs: 60_000 });
    const report = await passing(clock, drain);

    expect(report).toMatchObject({ received: 60, deleted: 60, empty: true });
    expect(report.tookMs).toBeLessThan(5_000);
    expect(await stored()).toBe(0);
  });

  test('a drain releases unfinished messages within its budget', async () => {
    const { clock, queue, consumer, stored } = rig({
      takesMs: 700,
      options: { concurrency: 2, prefetch: 2 },
    });
    await send(queue, 100);

    const report = await passing(clock, consumer.drain({ budgetMs: 20_000 }));
    await clock.advance(1_000);

    expect(report).toMatchObject({ empty: false, unacknowledged: 0, abandoned: 0 });
    expect(report.tookMs).toBeLessThanOrEqual(20_000);
    expect(report.deleted + (await stored())).toBe(100);
    expect((await queue.attributes()).activeMessages).toBe(await stored());
  });

  test('a drain keeps a small budget even if a handler ignores its signal', async () => {
    const { clock, queue, consumer } = rig({ takesMs: 1_000_000, ignoresSignal: true });
    await send(queue, 3);

    const report = await passing(clock, consumer.drain({ budgetMs: 2_000 }));
    await clock.advance(1_000);

    expect(report).toMatchObject({ empty: false, released: 3, abandoned: 3 });
    expect(report.tookMs).toBeLessThanOrEqual(2_000);
    expect((await queue.attributes()).activeMessages).toBe(3);
  });

  test('a drain reports why the queue could not be read', async () => {
    const { clock, consumer } = rig({
      queue: queueWith(() => ({ receive: () => Promise.reject(new Error('connection refused')) })),
    });

    const report = await passing(clock, consumer.drain({ budgetMs: 5_000 }));

    expect(report).toMatchObject({ empty: false, received: 0, failure: 'Unexpected: connection refused' });
  });
});
