import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { MessageQueue, ReceivedMessage } from '../../shared/mns/queue.ts';

export interface OpenedQueue {
  readonly queue: MessageQueue;
  /** Moves the time of the queue and of whatever serves it. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens an empty queue with these attributes, both in seconds. */
export type OpenQueue = (attributes: {
  visibilityTimeout: number;
  messageRetentionPeriod: number;
}) => Promise<OpenedQueue>;

export interface MessageQueueTraits {
  /** False for a client that has no way to stop a poll. */
  readonly stoppable?: boolean;
}

const VISIBILITY_SECONDS = 30;
const RETENTION_SECONDS = 120;

/** What every `MessageQueue` promises. */
export function messageQueueContract(
  name: string,
  open: OpenQueue,
  { stoppable = true }: MessageQueueTraits = {},
): void {
  describe(`${name} is a MessageQueue`, () => {
    const opened: OpenedQueue[] = [];
    const prepare = async (): Promise<OpenedQueue> => {
      const one = await open({
        visibilityTimeout: VISIBILITY_SECONDS,
        messageRetentionPeriod: RETENTION_SECONDS,
      });
      opened.push(one);
      return one;
    };

    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });

    describe('send and receive', () => {
      test(`${name} delivers what was sent, with ids and times`, async () => {
        const { queue } = await prepare();
        const sent = await queue.send('hello');

        const message = await receiveOne(queue);

        expect(message).toMatchObject({
          messageId: sent.messageId,
          body: 'hello',
          bodyMD5: md5('hello'),
          dequeueCount: 1,
          priority: 8,
        });
        expect(sent.bodyMD5).toBe(md5('hello'));
        expect(message.firstDequeueTime).toBeGreaterThanOrEqual(message.enqueueTime);
        expect(message.nextVisibleTime).toBe(message.firstDequeueTime + VISIBILITY_SECONDS * 1000);
      });

      test.each([
        ['markup', '<a href="x">&amp; \'q\'</a>]]>'],
        ['characters of four bytes', '张伟 😀 é'],
        ['white space at both ends', '  \n\ttext\n '],
        ['carriage returns', 'a\r\nb\rc'],
        ['65,536 bytes', 'x'.repeat(65_536)],
      ])(`${name} keeps %s in a body`, async (_what, body) => {
        const { queue } = await prepare();
        await queue.send(body);

        const message = await receiveOne(queue);

        expect(message.body).toBe(body);
        expect(message.bodyMD5).toBe(md5(body));
      });

      test(`${name} delivers at most as many messages as requested`, async () => {
        const { queue } = await prepare();
        for (let index = 0; index < 20; index++) await queue.send(`m${index}`);

        const three = await queue.receive({ max: 3, waitSeconds: 0 });
        const sixteen = await queue.receive({ max: 16, waitSeconds: 0 });
        const last = await queue.receive({ max: 16, waitSeconds: 0 });

        expect([three.length, sixteen.length, last.length]).toEqual([3, 16, 1]);
        expect(new Set([...three, ...sixteen, ...last].map((message) => message.body)).size).toBe(20);
      });

      test(`${name} delivers a message of a smaller priority first`, async () => {
        const { queue } = await prepare();
        await queue.send('last', { priority: 16 });
        await queue.send('first', { priority: 1 });

        const [message] = await queue.receive({ max: 1, waitSeconds: 0 });

        expect(message).toMatchObject({ body: 'first', priority: 1 });
      });

      test(`${name} never delivers one message to two receivers`, async () => {
        const { queue } = await prepare();
        for (let index = 0; index < 24; index++) await queue.send(`m${index}`);

        const received = await Promise.all(
          Array.from({ length: 8 }, () => queue.receive({ max: 4, waitSeconds: 0 })),
        );

        const ids = received.flat().map((message) => message.messageId);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids).toHaveLength(24);
      });

      test(`${name} returns nothing from an empty queue`, async () => {
        const { queue } = await prepare();

        const messages = await queue.receive({ max: 16, waitSeconds: 0 });

        expect(messages).toEqual([]);
      });

      test(`${name} holds a message back for its delay`, async () => {
        const { queue, advance } = await prepare();
        await queue.send('later', { delaySeconds: 10 });

        await advance(9_999);
        const before = await queue.receive({ max: 1, waitSeconds: 0 });
        await advance(1);
        const after = await queue.receive({ max: 1, waitSeconds: 0 });

        expect(before).toEqual([]);
        expect(after.map((message) => message.body)).toEqual(['later']);
      });

      test(`${name} drops a message after its retention, received or not`, async () => {
        const { queue, advance } = await prepare();
        await queue.send('old');
        const message = await receiveOne(queue);
        await queue.changeVisibility(message.receiptHandle, RETENTION_SECONDS + 60);

        await advance((RETENTION_SECONDS + 61) * 1000);
        const messages = await queue.receive({ max: 16, waitSeconds: 0 });

        expect(messages).toEqual([]);
      });
    });

    describe('visibility', () => {
      test(`${name} hides a received message until its timeout, then counts the next receive`, async () => {
        const { queue, advance } = await prepare();
        await queue.send('again');
        const first = await receiveOne(queue);

        await advance(VISIBILITY_SECONDS * 1000 - 1);
        const hidden = await queue.receive({ max: 16, waitSeconds: 0 });
        await advance(1);
        const second = await receiveOne(queue);

        expect(hidden).toEqual([]);
        expect(second).toMatchObject({
          messageId: first.messageId,
          enqueueTime: first.enqueueTime,
          firstDequeueTime: first.firstDequeueTime,
          dequeueCount: 2,
        });
        expect(second.receiptHandle).not.toBe(first.receiptHandle);
      });

      test(`${name} changes the visibility from now on and returns a new receipt handle`, async () => {
        const { queue, advance } = await prepare();
        await queue.send('long work');
        const message = await receiveOne(queue);
        await advance(20_000);

        const renewed = await queue.changeVisibility(message.receiptHandle, 40);
        await advance(39_999);
        const hidden = await queue.receive({ max: 1, waitSeconds: 0 });
        await advance(1);
        const again = await queue.receive({ max: 1, waitSeconds: 0 });

        expect(renewed.receiptHandle).not.toBe(message.receiptHandle);
        expect(renewed.nextVisibleTime).toBe(message.firstDequeueTime + 60_000);
        expect(hidden).toEqual([]);
        expect(again).toHaveLength(1);
      });

      test(`${name} invalidates the old receipt handle when the visibility is changed`, async () => {
        const { queue } = await prepare();
        await queue.send('renewed');
        const message = await receiveOne(queue);
        const renewed = await queue.changeVisibility(message.receiptHandle, 60);

        const change = queue.changeVisibility(message.receiptHandle, 60);
        await expect(change).rejects.toMatchObject({ code: 'MessageNotExist' });
        const stale = await queue.delete([message.receiptHandle]);
        const fresh = await queue.delete([renewed.receiptHandle]);

        expect(stale).toMatchObject([{ receiptHandle: message.receiptHandle, code: 'MessageNotExist' }]);
        expect(fresh).toEqual([]);
      });

      test(`${name} invalidates a receipt handle after its timeout`, async () => {
        const { queue, advance } = await prepare();
        await queue.send('late');
        const message = await receiveOne(queue);
        await advance(VISIBILITY_SECONDS * 1000);

        const deleted = await queue.delete([message.receiptHandle]);
        const change = queue.changeVisibility(message.receiptHandle, 10);

        await expect(change).rejects.toMatchObject({ code: 'MessageNotExist' });
        expect(deleted).toMatchObject([{ code: 'MessageNotExist' }]);
      });

      test(`${name} treats an invalid receipt handle like an expired one`, async () => {
        const { queue } = await prepare();

        const change = queue.changeVisibility('no-handle', 60);

        await expect(change).rejects.toMatchObject({ code: 'MessageNotExist' });
      });

      test.each([0, 43_201])(`${name} rejects a visibility of %d seconds`, async (seconds) => {
        const { queue } = await prepare();
        await queue.send('m');
        const message = await receiveOne(queue);

        const change = queue.changeVisibility(message.receiptHandle, seconds);

        await expect(change).rejects.toMatchObject({ code: 'InvalidRequest' });
      });
    });

    describe('delete', () => {
      test(`${name} deletes messages`, async () => {
        const { queue, advance } = await prepare();
        for (let index = 0; index < 16; index++) await queue.send(`m${index}`);
        const messages = await queue.receive({ max: 16, waitSeconds: 0 });

        const failures = await queue.delete(messages.map((message) => message.receiptHandle));
        await advance(VISIBILITY_SECONDS * 1000);
        const left = await queue.receive({ max: 16, waitSeconds: 0 });

        expect(failures).toEqual([]);
        expect(left).toEqual([]);
      });

      test(`${name} deletes the others when some handles are stale, and reports those`, async () => {
        const { queue, advance } = await prepare();
        await queue.send('gone');
        await queue.send('kept');
        const [gone, kept] = await queue.receive({ max: 2, waitSeconds: 0 });
        await queue.delete([gone!.receiptHandle]);

        const failures = await queue.delete([gone!.receiptHandle, kept!.receiptHandle]);
        await advance(VISIBILITY_SECONDS * 1000);
        const left = await queue.receive({ max: 16, waitSeconds: 0 });

        expect(failures.map((failure) => failure.receiptHandle)).toEqual([gone!.receiptHandle]);
        expect(failures).toMatchObject([{ code: 'MessageNotExist' }]);
        expect(left).toEqual([]);
      });

      test(`${name} reports an invalid handle on delete`, async () => {
        const { queue } = await prepare();

        const failures = await queue.delete(['no handle & <b>']);

        expect(failures).toMatchObject([{ receiptHandle: 'no handle & <b>', code: 'ReceiptHandleError' }]);
      });

      test(`${name} accepts an empty list of handles`, async () => {
        const { queue } = await prepare();

        const failures = await queue.delete([]);

        expect(failures).toEqual([]);
      });
    });

    describe('long poll', () => {
      test(`${name} ends a long poll at once when a message is sent`, async () => {
        const { queue } = await prepare();
        const poll = queue.receive({ max: 16, waitSeconds: 30 });

        await queue.send('awaited');
        const messages = await poll;

        expect(messages.map((message) => message.body)).toEqual(['awaited']);
      });

      test(`${name} ends a long poll when a delay passes`, async () => {
        const { queue, advance } = await prepare();
        await queue.send('delayed', { delaySeconds: 3 });

        const messages = await advanceUntil(queue.receive({ max: 16, waitSeconds: 20 }), advance);

        expect(messages.map((message) => message.body)).toEqual(['delayed']);
      });

      test(`${name} ends a long poll when a visibility timeout passes`, async () => {
        const { queue, advance } = await prepare();
        await queue.send('returned');
        const { receiptHandle } = await receiveOne(queue);
        await queue.changeVisibility(receiptHandle, 5);

        const messages = await advanceUntil(queue.receive({ max: 16, waitSeconds: 20 }), advance);

        expect(messages).toMatchObject([{ body: 'returned', dequeueCount: 2 }]);
      });

      test(`${name} ends a long poll without messages after its time`, async () => {
        const { queue, advance } = await prepare();

        const messages = await advanceUntil(queue.receive({ max: 16, waitSeconds: 2 }), advance);

        expect(messages).toEqual([]);
      });
    });

    if (stoppable)
      describe('a signal', () => {
        test(`${name} aborts a long poll by its signal, and the next receiver gets the next message`, async () => {
          const { queue, advance } = await prepare();
          const controller = new AbortController();
          const poll = queue.receive({ max: 1, waitSeconds: 30, signal: controller.signal });

          controller.abort();
          await expect(poll).rejects.toMatchObject({ code: 'Aborted' });
          await queue.send('for the next');
          const messages = await advanceUntil(queue.receive({ max: 1, waitSeconds: 20 }), advance);

          expect(messages).toMatchObject([{ body: 'for the next', dequeueCount: 1 }]);
        });

        test(`${name} starts no poll with an aborted signal`, async () => {
          const { queue } = await prepare();

          const poll = queue.receive({ max: 1, waitSeconds: 30, signal: AbortSignal.abort() });

          await expect(poll).rejects.toMatchObject({ code: 'Aborted' });
        });
      });

    describe('peek and attributes', () => {
      test(`${name} peeks at messages without hiding or counting them`, async () => {
        const { queue } = await prepare();
        const { messageId } = await queue.send('seen');

        const peeked = await queue.peek(16);
        const message = await receiveOne(queue);

        expect(peeked).toMatchObject([{ messageId, body: 'seen', bodyMD5: md5('seen'), dequeueCount: 0 }]);
        expect(peeked[0]).not.toHaveProperty('receiptHandle');
        expect(message.dequeueCount).toBe(1);
        await expect(queue.peek(16)).resolves.toEqual([]);
      });

      test(`${name} counts messages by state`, async () => {
        const { queue } = await prepare();
        for (const body of ['a', 'b', 'c']) await queue.send(body);
        await queue.send('d', { delaySeconds: 60 });
        await queue.receive({ max: 1, waitSeconds: 0 });

        const attributes = await queue.attributes();

        expect(attributes).toEqual({
          activeMessages: 2,
          inactiveMessages: 1,
          delayMessages: 1,
        });
      });
    });

    describe('bounds', () => {
      test.each<[string, (queue: MessageQueue) => Promise<unknown>]>([
        ['a body that XML cannot hold', (queue) => queue.send('a\u0000b')],
        ['a body with half a character', (queue) => queue.send('a\ud83d')],
        ['a body of 65,537 bytes', (queue) => queue.send('x'.repeat(65_537))],
        ['priority 0', (queue) => queue.send('m', { priority: 0 })],
        ['priority 17', (queue) => queue.send('m', { priority: 17 })],
        ['a delay of 604,801 seconds', (queue) => queue.send('m', { delaySeconds: 604_801 })],
        ['0 messages', (queue) => queue.receive({ max: 0, waitSeconds: 0 })],
        ['17 messages', (queue) => queue.receive({ max: 17, waitSeconds: 0 })],
        ['a wait of 31 seconds', (queue) => queue.receive({ max: 1, waitSeconds: 31 })],
        ['a peek of 17', (queue) => queue.peek(17)],
      ])(`${name} rejects %s`, async (_what, call) => {
        const { queue } = await prepare();

        await expect(call(queue)).rejects.toMatchObject({ code: 'InvalidRequest' });
      });
    });
  });
}

async function receiveOne(queue: MessageQueue): Promise<ReceivedMessage> {
  const messages = await queue.receive({ max: 1, waitSeconds: 0 });
  expect(messages).toHaveLength(1);
  return messages[0]!;
}

/**
 * Moves time on in steps of a second until the call has ended. A call over a socket needs real turns of the event
 * loop to arrive, so time waits for it in between, and no step depends on how fast that is.
 */
async function advanceUntil<T>(call: Promise<T>, advance: (ms: number) => Promise<void>): Promise<T> {
  let ended = false;
  const watch = () => {
    ended = true;
  };
  call.then(watch, watch);
  for (let second = 0; second < 600 && !ended; second++) {
    for (let turn = 0; turn < 50 && !ended; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (!ended) await advance(1000);
  }
  return call;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex').toUpperCase();
}
