import { describe, expect, test } from 'vitest';
import { createReceiver, type ReceiverOptions } from '../../../../shared/mns/consumer/receiver.ts';
import type { MessageQueue, ReceivedMessage } from '../../../../shared/mns/queue.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { createMemoryQueue } from '../../../support/memory-queue.ts';

interface Request {
  readonly max: number;
  readonly waitSeconds: number;
  readonly at: number;
  readonly signal: AbortSignal;
  /** Answers with so many messages. */
  answer(count: number): Promise<void>;
  fail(): Promise<void>;
}

/** A receiver whose requests the test answers. By default it is busy, has room for 4 messages and wants 3 of them. */
function receiverOf(options: Partial<ReceiverOptions> = {}) {
  const clock = manualClock();
  const requests: Request[] = [];
  const received: [count: number, requested: number][] = [];
  let failures = 0;
  const receive: MessageQueue['receive'] = ({ max, waitSeconds, signal }) =>
    new Promise((resolve, reject) => {
      signal!.addEventListener('abort', () => reject(signal!.reason));
      requests.push({
        max,
        waitSeconds,
        at: clock.now(),
        signal: signal!,
        async answer(count) {
          resolve(Array.from({ length: count }, () => ({}) as ReceivedMessage));
          await clock.advance(0);
        },
        async fail() {
          reject(new Error('connection refused'));
          await clock.advance(0);
        },
      });
    });
  const receiver = createReceiver({
    queue: { ...createMemoryQueue({ clock }), receive },
    gate: { call: (work) => work(), healthy: () => true, close() {} },
    clock,
    random: () => 0.5,
    waitSeconds: () => 30,
    maxReceives: 3,
    room: () => 4,
    minRoomToPoll: () => 3,
    isIdle: () => false,
    onMessages: (messages, requested) => void received.push([messages.length, requested]),
    onFailed: () => void failures++,
    ...options,
  });
  /** Waits for the next request, at most `limitMs`, and returns it with its delay. */
  const next = async (limitMs = 60_000) => {
    const from = clock.now();
    const index = requests.length;
    for (let ms = 0; ms <= limitMs && requests.length === index; ms++) await clock.advance(ms === 0 ? 0 : 1);
    return { request: requests[index], afterMs: clock.now() - from };
  };
  return { clock, receiver, requests, received, failures: () => failures, next };
}

describe('createReceiver', () => {
  test('an idle consumer asks at once for whatever fits, by a long poll', async () => {
    const { receiver, requests } = receiverOf({ isIdle: () => true, room: () => 1 });

    receiver.pump();

    expect(requests).toMatchObject([{ max: 1, waitSeconds: 30 }]);
  });

  test('a busy consumer with room for a full batch asks at once, for one batch', async () => {
    const { receiver, requests } = receiverOf({ room: () => 16 });

    receiver.pump();

    expect(requests).toMatchObject([{ max: 16 }]);
  });

  test.each([0, -1])('a consumer with room for %i messages sends no request', async (room) => {
    const { receiver, next } = receiverOf({ room: () => room, isIdle: () => true });

    receiver.pump();

    expect((await next(1_000)).request).toBeUndefined();
  });

  test('a busy consumer with enough room asks one turn of the event loop later, once for all of it', async () => {
    let room = 3;
    const { clock, receiver, requests } = receiverOf({ room: () => room });

    receiver.pump();
    const before = requests.length;
    room = 5;
    receiver.pump();
    await clock.advance(0);

    expect(before).toBe(0);
    expect(requests).toMatchObject([{ max: 5 }]);
  });

  test('a busy consumer with little room asks after 100 ms', async () => {
    const { clock, receiver, requests } = receiverOf({ room: () => 2 });

    receiver.pump();
    await clock.advance(99);
    const before = requests.length;
    await clock.advance(1);

    expect(before).toBe(0);
    expect(requests).toMatchObject([{ max: 2 }]);
  });

  test('the 100 ms of little room begin again when there was none', async () => {
    let room = 2;
    const { clock, receiver, requests } = receiverOf({ room: () => room });
    receiver.pump();
    await clock.advance(60);
    room = 0;
    receiver.pump();
    room = 2;
    receiver.pump();

    await clock.advance(99);
    const before = requests.length;
    await clock.advance(1);

    expect([before, requests.length]).toEqual([0, 1]);
  });

  test('a second request is sent at once only while answers are full, up to the maximum', async () => {
    const { receiver, requests } = receiverOf({ room: () => 64, maxReceives: 2 });
    receiver.pump();
    const first = requests.length;

    await requests[0]!.answer(16);
    const afterFull = requests.length;
    await requests[1]!.answer(15);

    expect([first, afterFull]).toEqual([1, 3]);
    expect(requests).toHaveLength(3);
  });

  test('room that a running request has reserved is not asked for again', async () => {
    const { receiver, requests } = receiverOf({ room: () => 24 });
    receiver.pump();

    await requests[0]!.answer(16);

    expect(requests.map(({ max }) => max)).toEqual([16, 16, 8]);
  });

  test('only a request that runs alone waits for messages', async () => {
    const { receiver, requests } = receiverOf({ room: () => 64 });
    receiver.pump();
    await requests[0]!.answer(16);

    expect(requests.map(({ waitSeconds }) => waitSeconds)).toEqual([30, 30, 0, 0]);
  });

  test('a request of an unhealthy queue does not wait for messages', async () => {
    const gate = { call: (work: () => Promise<never>) => work(), healthy: () => false, close() {} };
    const { receiver, requests } = receiverOf({ gate: gate as ReceiverOptions['gate'], isIdle: () => true });

    receiver.pump();

    expect(requests[0]!.waitSeconds).toBe(0);
  });

  test('messages are handed on with the number that was requested', async () => {
    const { receiver, requests, received } = receiverOf({ isIdle: () => true });
    receiver.pump();

    await requests[0]!.answer(2);

    expect(received).toEqual([[2, 4]]);
  });

  test('after an empty long poll the next one follows within 200 ms', async () => {
    const { clock, receiver, requests, next } = receiverOf({ isIdle: () => true });
    receiver.pump();
    await clock.advance(15_000);

    await requests[0]!.answer(0);

    expect((await next()).afterMs).toBe(100);
  });

  test('empty answers that come too early are followed by growing pauses, until a long poll waits again', async () => {
    const { clock, receiver, requests, next } = receiverOf({ isIdle: () => true });
    const pauses: number[] = [];
    receiver.pump();
    for (const waitedMs of [14_999, 0, 0, 0, 0, 0, 0, 15_000, 0]) {
      await clock.advance(waitedMs);
      await requests.at(-1)!.answer(0);
      pauses.push((await next()).afterMs);
    }

    expect(pauses).toEqual([375, 750, 1500, 3000, 6000, 7500, 7500, 100, 375]);
  });

  test('messages end the growth of pauses', async () => {
    const { receiver, requests, next } = receiverOf({ isIdle: () => true });
    receiver.pump();
    await requests[0]!.answer(0);
    await next();
    await requests[1]!.answer(1);
    await requests[2]!.answer(0);

    expect((await next()).afterMs).toBe(375);
  });

  test('an answer with messages is followed by no pause', async () => {
    const { receiver, requests } = receiverOf({ isIdle: () => true });
    receiver.pump();

    await requests[0]!.answer(1);

    expect(requests).toHaveLength(2);
  });

  test('a failed request is reported, and the next one runs alone', async () => {
    const { receiver, requests, failures } = receiverOf({ room: () => 64 });
    receiver.pump();
    await requests[0]!.answer(16);
    const before = requests.length;

    await requests[1]!.fail();
    await requests[2]!.fail();
    await requests[3]!.fail();

    expect(failures()).toBe(3);
    expect([before, requests.length]).toEqual([4, 5]);
  });

  test('a stopped receiver aborts a long poll that waits for half a second and more, at once', async () => {
    const { clock, receiver, requests, failures } = receiverOf({ isIdle: () => true });
    receiver.pump();
    await clock.advance(500);

    await receiver.stop();

    expect(requests[0]!.signal.reason).toMatchObject({ name: 'AbortError', message: 'the consumer stops' });
    expect(failures()).toBe(0);
    expect(clock.pending()).toBe(0);
  });

  test('a stopped receiver waits for a request that was just sent, half a second at most', async () => {
    const { clock, receiver, requests } = receiverOf({ isIdle: () => true });
    receiver.pump();
    await clock.advance(100);

    const stop = receiver.stop();
    await clock.advance(399);
    const early = requests[0]!.signal.aborted;
    await clock.advance(1);
    await stop;

    expect([early, requests[0]!.signal.aborted]).toEqual([false, true]);
  });

  test('a stopped receiver hands on a late answer, sends no other request and leaves no timer', async () => {
    const { clock, receiver, requests, received } = receiverOf({ isIdle: () => true });
    receiver.pump();

    const stop = receiver.stop();
    await requests[0]!.answer(4);
    await stop;

    expect(received).toEqual([[4, 4]]);
    expect(requests).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });
});
