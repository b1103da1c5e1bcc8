import { CloudEvent } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import { readLetter } from '../../../cli/redrive/letter.ts';
import { createDeadLetterSink, DEAD_LETTER_TYPE } from '../../../functions/mns-poller/dead-letter-sink.ts';
import { createDeadLetterQueue, createDeadLetterStore } from '../../../functions/mns-poller/dead-letters.ts';
import type { DeadLetter, DeadLetters } from '../../../shared/mns/consumer/index.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';
import { createMemoryQueue } from '../../support/memory-queue.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { bodyOf, sinkOf } from './support.ts';

function aLetter(changes: Partial<DeadLetter> = {}): DeadLetter {
  return {
    queue: 'uploads',
    messageId: 'A1',
    body: 'hello',
    bodyMD5: '5D41402ABC4B2A76B9719D911017C592',
    enqueueTime: Date.UTC(2026, 0, 1),
    firstDequeueTime: Date.UTC(2026, 0, 2),
    deadTime: Date.UTC(2026, 0, 3),
    dequeueCount: 4,
    priority: 8,
    code: 'SinkRejected',
    reason: 'HTTP 400',
    ...changes,
  };
}

const WRITTEN = {
  ...aLetter(),
  enqueueTime: '2026-01-01T00:00:00.000Z',
  firstDequeueTime: '2026-01-02T00:00:00.000Z',
  deadTime: '2026-01-03T00:00:00.000Z',
};

const put = (letters: DeadLetters, letter = aLetter()) =>
  letters.put(letter, { signal: new AbortController().signal });

describe('dead letters', () => {
  test('dead letters in OSS are one object per message', async () => {
    const store = createMemoryStore({ bucket: 'photos', clock: manualClock() });
    const letters = createDeadLetterStore(store, 'dead/');

    await put(letters);
    await put(letters);

    const keys: string[] = [];
    for await (const { key } of store.list()) keys.push(key);
    const { body } = await store.get('dead/uploads/A1.json');
    const chunks: Buffer[] = await body.toArray();
    expect(keys).toEqual(['dead/uploads/A1.json']);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual(WRITTEN);
  });

  test('dead letters in a queue are one message each', async () => {
    const queue = createMemoryQueue({ clock: manualClock() });

    await put(createDeadLetterQueue(queue));

    const [message] = await queue.receive({ max: 1, waitSeconds: 0 });
    expect(JSON.parse(message!.body)).toEqual(WRITTEN);
  });

  test('a dead letter in a queue compresses a body that leaves no room for the rest', async () => {
    const queue = createMemoryQueue({ clock: manualClock() });
    const body = bodyOf(...Array.from({ length: 100 }, (_, index) => `${index}.jpg`)).slice(0, 65_500);

    await put(createDeadLetterQueue(queue), aLetter({ body }));

    const [message] = await queue.receive({ max: 1, waitSeconds: 0 });
    const { bodyGzip, ...rest } = JSON.parse(message!.body);
    const { body: _, ...written } = WRITTEN;
    expect(body.length).toBeGreaterThan(65_000);
    expect(rest).toEqual(written);
    expect(readLetter(message!.body, 'none')).toMatchObject({
      id: 'A1',
      reason: 'SinkRejected: HTTP 400',
      body,
    });
  });

  test('a dead letter in a queue is only the body when nothing else fits', async () => {
    const queue = createMemoryQueue({ clock: manualClock() });
    const random = seededRandom(1);
    const noise = Buffer.from(Array.from({ length: 49_100 }, () => random() * 256)).toString('base64');

    await put(createDeadLetterQueue(queue), aLetter({ body: noise }));

    const [message] = await queue.receive({ max: 1, waitSeconds: 0 });
    expect(message!.body).toBe(noise);
  });

  test('dead letters at a sink are one CloudEvent each, with the id of the message', async () => {
    const { sink, events } = sinkOf(() => ({ result: 'accepted' }));

    await put(createDeadLetterSink(sink));

    expect(events[0]).toBeInstanceOf(CloudEvent);
    expect(events[0]).toMatchObject({
      id: 'A1',
      type: DEAD_LETTER_TYPE,
      source: '/queues/uploads',
      data: WRITTEN,
    });
  });

  test.each([
    [{ result: 'retry', reason: 'HTTP 500' }, 'ServiceUnavailable'],
    [{ result: 'rejected', reason: 'HTTP 400', code: 'SinkRejected' }, 'SinkRejected'],
  ] as const)('at a sink that answers %o are not safe', async (delivery, code) => {
    const { sink } = sinkOf(() => delivery);

    const stored = put(createDeadLetterSink(sink));

    await expect(stored).rejects.toMatchObject({ code });
  });
});
