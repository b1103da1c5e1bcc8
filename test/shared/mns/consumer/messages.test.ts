import { describe, expect, test } from 'vitest';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { DONE, queueWith, rig, send } from './support.ts';

const REFUSED = new AppError('ServiceUnavailable', 'connection refused');
const STALE = new AppError('MessageNotExist', 'stale');
const RETRY = { result: 'retry', reason: 'busy' } as const;

describe('events of a consumer', () => {
  test('what a handler reports about a record is emitted with the message', async () => {
    const { run, emitted, stop } = rig({
      handle: async (_, { recordDelivered }) => {
        recordDelivered({ record: 'R.0', result: 'accepted', seconds: 2 });
        return DONE;
      },
    });

    const [messageId] = await run({ messages: 1, forMs: 2_000 });

    expect(emitted('recordDelivered')).toEqual([
      { messageId, record: 'R.0', result: 'accepted', seconds: 2 },
    ]);
    expect(emitted('messageReceived')).toMatchObject([{ message: { messageId, body: 'body 0' } }]);
    expect(emitted('messageDeleted')).toEqual([{ messageId }]);
    await stop();
  });

  test('every answer is emitted with the numbers of requested and received messages', async () => {
    const { run, emitted, stop } = rig();

    await run({ messages: 3, forMs: 1 });

    expect(emitted('receiveCompleted')[0]).toEqual({ requested: 16, received: 3 });
    await stop();
  });

  test('a failed receive is emitted with its error', async () => {
    const { run, emitted, stop } = rig({
      queue: queueWith(() => ({ receive: () => Promise.reject(REFUSED) })),
    });

    await run({ forMs: 1 });

    expect(emitted('receiveFailed')).toEqual([{ error: REFUSED }]);
    await stop();
  });

  test('a failed delete is emitted with its messages', async () => {
    const { run, emitted, stop } = rig({
      queue: queueWith(() => ({ delete: () => Promise.reject(REFUSED) })),
    });

    const ids = await run({ messages: 2, forMs: 1_000 });

    expect(emitted('deleteFailed')[0]).toEqual({ messageIds: ids, error: REFUSED });
    await stop();
  });

  test('a message whose receipt is stale at its delete is lost, and counted', async () => {
    const { run, emitted, stop } = rig({
      queue: queueWith(() => ({
        delete: async (handles) =>
          handles.map((receiptHandle) => ({ receiptHandle, code: 'MessageNotExist', message: 'stale' })),
      })),
    });

    const [messageId] = await run({ messages: 1, forMs: 1_000 });
    const report = await stop();

    expect(emitted('messageLost')).toEqual([{ messageId, during: 'delete' }]);
    expect(report).toMatchObject({ lost: 1, deleted: 0, unacknowledged: 0 });
  });

  test('a message whose receipt is stale when it is hidden is lost, and not retried', async () => {
    const { run, consumer, emitted, stop } = rig({
      handle: async () => RETRY,
      queue: queueWith(() => ({ changeVisibility: () => Promise.reject(STALE) })),
    });

    const [messageId] = await run({ messages: 1, forMs: 100 });

    expect(emitted('messageLost')).toEqual([{ messageId, during: 'release' }]);
    expect(emitted('messageRetried')).toEqual([]);
    expect(emitted('releaseFailed')).toEqual([]);
    expect(consumer.inFlight()).toBe(0);
    await stop();
  });

  test('a message that could not be hidden is retried all the same, after three attempts', async () => {
    let calls = 0;
    const { run, emitted, stop } = rig({
      handle: async () => RETRY,
      queue: queueWith(() => ({
        changeVisibility: async () => {
          calls++;
          throw new AppError('InvalidRequest', 'no');
        },
      })),
    });

    const [messageId] = await run({ messages: 1, forMs: 20_000 });

    expect(emitted('releaseFailed')).toMatchObject([{ messageId, error: { code: 'InvalidRequest' } }]);
    expect(emitted('messageRetried')).toMatchObject([{ messageId, where: 'queue' }]);
    expect(calls).toBe(1);
    await stop();
  });

  test('a failed renewal is emitted with its error, and repeated', async () => {
    let fails = 1;
    const { run, emitted, stop } = rig({
      takesMs: 40_000,
      queue: queueWith((queue) => ({
        changeVisibility: async (...args) => {
          if (fails-- > 0) throw REFUSED;
          return queue.changeVisibility(...args);
        },
      })),
    });

    const [messageId] = await run({ messages: 1, forMs: 30_000 });

    expect(emitted('renewalFailed')).toEqual([{ messageId, error: REFUSED }]);
    expect(emitted('visibilityRenewed')[0]).toEqual({ messageId, seconds: 60 });
    await stop({ deadlineMs: 60_000 });
  });

  test('a dead letter is emitted with its code and reason, and counted', async () => {
    const { run, emitted, stop } = rig({
      handle: async () => ({ result: 'rejected', code: 'SinkRejected', reason: 'HTTP 400' }),
    });

    const [messageId] = await run({ messages: 1, forMs: 2_000 });

    expect(emitted('messageDeadLettered')).toEqual([{ messageId, code: 'SinkRejected', reason: 'HTTP 400' }]);
    expect(await stop()).toMatchObject({ deadLettered: 1, retried: 0, deleted: 1 });
  });

  test('a message whose dead letter is not stored is retried with that reason, which does not count as overload', async () => {
    const { run, emitted, stop } = rig({
      handle: async () => ({ result: 'rejected', code: 'SinkRejected', reason: 'no' }),
      deadLetters: { name: 'down', put: () => Promise.reject(REFUSED) },
    });

    const [messageId] = await run({ messages: 1, forMs: 100 });

    expect(emitted('messageRetried')).toMatchObject([
      { messageId, reason: 'dead letter not stored: ServiceUnavailable', overloaded: false, where: 'queue' },
    ]);
    expect(await stop()).toMatchObject({ retried: 1, deadLettered: 0 });
  });

  test('the store of dead letters is stopped when the consumer has stopped', async () => {
    let signal: AbortSignal | undefined;
    const { clock, run, stop } = rig({
      handle: async () => ({ result: 'rejected', code: 'SinkRejected', reason: 'no' }),
      deadLetters: {
        name: 'slow',
        async put(_letter, options) {
          signal = options.signal;
          await clock.sleep(1_000_000, signal);
        },
      },
    });
    await run({ messages: 1, forMs: 100 });

    await stop({ deadlineMs: 1_000 });

    expect(signal?.reason).toMatchObject({ name: 'AbortError', message: 'the consumer has stopped' });
  });
});

describe('attempts of a consumer', () => {
  test('handlers learn from their signal why they are stopped', async () => {
    const reasons: unknown[] = [];
    const { clock, run, queue, stop } = rig({
      handle: async (_, { signal }) => {
        await clock.sleep(1_000_000, signal).catch(() => reasons.push(signal.reason));
        return DONE;
      },
      options: { maxAgeSeconds: 100 },
    });
    await run({ messages: 1, forMs: 100_000 });
    await send(queue, 1);
    await clock.advance(50_000);

    await stop({ deadlineMs: 1_000 });

    expect(reasons).toMatchObject([
      { name: 'AbortError', message: 'handling the message took too long' },
      { name: 'AbortError', message: 'the consumer stops' },
    ]);
  });

  test('a short Retry-After is waited for twice under one receipt, and left to the queue the third time', async () => {
    const attempts: number[] = [];
    const { run, emitted, stop } = rig({
      handle: async (_, { attempt }) => {
        attempts.push(attempt);
        return { ...RETRY, retryAfterMs: 10_000 };
      },
    });

    await run({ messages: 1, forMs: 20_000 });

    expect(attempts).toEqual([1, 2, 3]);
    expect(emitted('messageRetried').map(({ where }) => where)).toEqual(['here', 'here', 'queue']);
    await stop();
  });

  test('a message that waits for its Retry-After is released when the consumer stops', async () => {
    const { run, stop } = rig({ handle: async () => ({ ...RETRY, retryAfterMs: 9_000 }) });
    await run({ messages: 1, forMs: 100 });

    const report = await stop({ deadlineMs: 5_000 });

    expect(report).toMatchObject({ released: 1, abandoned: 0 });
    expect(report.tookMs).toBeLessThan(1_500);
  });

  test('a message that waits for its Retry-After is released when it becomes too old', async () => {
    const { run, emitted, stop } = rig({
      handle: async () => ({ ...RETRY, retryAfterMs: 9_000 }),
      options: { maxAgeSeconds: 5 },
    });

    const [messageId] = await run({ messages: 1, forMs: 5_000 });

    expect(emitted('messageTimedOut')).toEqual([{ messageId, ageMs: 5_000 }]);
    expect(emitted('messageReleased')).toEqual([{ messageId }]);
    await stop();
  });

  test('a message that is redelivered elsewhere before its attempt is not handled here', async () => {
    const handled: string[] = [];
    const { clock, run, consumer, emitted, stop } = rig({
      handle: async ({ messageId }) => {
        handled.push(messageId);
        await clock.sleep(50_000);
        return DONE;
      },
      queue: queueWith((queue) => ({
        changeVisibility: async (handle, seconds) => {
          const answer = await queue.changeVisibility(handle, seconds);
          if (handled.length === 1 && !handled.includes('done')) return answer;
          throw STALE;
        },
      })),
      options: { concurrency: 1, prefetch: 1 },
    });

    const [first, second] = await run({ messages: 2, forMs: 1 });
    const inFlight = consumer.inFlight();
    handled.push('done');
    await clock.advance(20_000);

    expect(inFlight).toBe(2);
    expect(emitted('messageLost').map(({ messageId }) => messageId)).toContain(second);
    expect(handled).toEqual([first, 'done']);
    expect(consumer.inFlight()).toBe(1);
    await clock.advance(40_000);
    expect(handled).toEqual([first, 'done']);
    await stop();
  });

  test('a changed concurrency takes effect at once', async () => {
    let running = 0;
    const { clock, run, consumer, stop } = rig({
      handle: async (_, { signal }) => {
        running++;
        await clock.sleep(100_000, signal);
        return DONE;
      },
      options: { concurrency: 1 },
    });
    await run({ messages: 5, forMs: 1_000 });
    const before = running;

    consumer.setConcurrency(3);
    await clock.advance(120_000);

    expect(before).toBe(1);
    expect(consumer.concurrency()).toBe(2);
    await stop({ deadlineMs: 1_000 });
  });

  test('a consumer with 160 unconfirmed deletes receives nothing more until there are fewer', async () => {
    const confirms: (() => void)[] = [];
    const { clock, run, emitted, stop } = rig({
      queue: queueWith((queue) => ({
        delete: (handles) => new Promise((resolve) => confirms.push(() => resolve(queue.delete(handles)))),
      })),
    });
    await run({ messages: 400, forMs: 5_000 });
    const received = emitted('messageReceived').length;

    for (const confirm of confirms.splice(0)) confirm();
    await clock.advance(1);

    expect(received).toBeGreaterThanOrEqual(160);
    expect(received).toBeLessThanOrEqual(200);
    expect(emitted('messageReceived').length).toBeGreaterThan(received);
    await stop({ deadlineMs: 1_000 });
  });

  test('draining asks with short waits, so that an empty queue is noticed soon', async () => {
    const waits: number[] = [];
    const { consumer, clock } = rig({
      queue: queueWith((queue) => ({
        receive: (options) => {
          waits.push(options.waitSeconds);
          return queue.receive(options);
        },
      })),
    });

    const drain = consumer.drain({ budgetMs: 60_000 });
    await clock.advance(5_000);

    expect((await drain).empty).toBe(true);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1);
  });
});
