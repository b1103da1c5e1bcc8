import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import type { MessageQueue } from '../../shared/mns/queue.ts';
import { type ManualClock, manualClock } from '../../shared/runtime/clock.ts';
import { mnsClientOf } from '../support/cloud-clients.ts';

let clock: ManualClock;
let cloud: LocalCloud;
let queue: MessageQueue;
let closeClient: () => void;

beforeEach(async () => {
  clock = manualClock();
  cloud = await startLocalCloud({ clock });
  await cloud.mns.ensureQueue('q');
  const client = mnsClientOf(cloud, { clock });
  queue = client.queue('q');
  closeClient = client.close;
});
afterEach(async () => {
  closeClient();
  await cloud.close();
});

const receive = (max = 16) => queue.receive({ max, waitSeconds: 0 });

describe('faults of the local cloud', () => {
  test('a fault affects one operation and no other, until it is removed', async () => {
    const takeBack = cloud.faults.inject({ operation: 'SendMessage', rate: 1, kind: 'error' });

    await expect(queue.send('m')).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    expect(await receive()).toEqual([]);

    takeBack();
    await queue.send('m');
    expect(await receive()).toHaveLength(1);
  });

  test('a throttled operation answers that its rate limit is reached', async () => {
    cloud.faults.inject({ operation: '*', rate: 1, kind: 'throttle' });

    await expect(queue.send('m')).rejects.toMatchObject({ code: 'Throttled' });
  });

  test('a connection can break before the operation is done', async () => {
    cloud.faults.inject({ operation: 'SendMessage', rate: 1, kind: 'reset', when: 'before' });

    await expect(queue.send('m')).rejects.toMatchObject({ code: 'NetworkError' });

    expect((await queue.attributes()).activeMessages).toBe(0);
  });

  test('a connection can break after the operation is done', async () => {
    cloud.faults.inject({ operation: 'SendMessage', rate: 1, kind: 'reset', when: 'after' });

    await expect(queue.send('m')).rejects.toMatchObject({ code: 'NetworkError' });

    expect((await queue.attributes()).activeMessages).toBe(1);
  });

  test('a latency delays an operation', async () => {
    cloud.faults.inject({ operation: 'SendMessage', rate: 1, kind: 'latency', ms: 500 });
    const sending = queue.send('m');
    while (clock.pending() === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(499);
    const before = (await queue.attributes()).activeMessages;

    await clock.advance(1);
    await sending;

    expect([before, (await queue.attributes()).activeMessages]).toEqual([0, 1]);
  });

  test('a client that disconnects while its request is delayed receives no message', async () => {
    await queue.send('m');
    cloud.faults.inject({ operation: 'ReceiveMessage', rate: 1, kind: 'latency', ms: 500 });
    const leaving = new AbortController();
    const receiving = queue.receive({ max: 1, waitSeconds: 0, signal: leaving.signal });
    while (clock.pending() === 0) await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    await expect(receiving).rejects.toMatchObject({ code: 'Aborted' });
    cloud.faults.clear();
    // Another round trip: the server has seen the connection end.
    await queue.attributes();

    await clock.advance(500);

    expect((await receive())[0]).toMatchObject({ body: 'm', dequeueCount: 1 });
  });

  test('a duplicated message is delivered twice, and each delivery has a valid handle', async () => {
    cloud.faults.inject({ operation: 'ReceiveMessage', rate: 1, kind: 'duplicate' });
    await queue.send('m');

    const [first] = await receive();
    cloud.faults.clear();
    const [second] = await receive();

    expect(second?.messageId).toBe(first?.messageId);
    expect(await queue.delete([first!.receiptHandle, second!.receiptHandle])).toEqual([]);
    expect(await receive()).toEqual([]);
  });

  test('reordered messages are delivered out of order, each of them once', async () => {
    const bodies = Array.from({ length: 10 }, (_, index) => `m${index}`);
    for (const body of bodies) await queue.send(body);
    cloud.faults.inject({ operation: 'ReceiveMessage', rate: 1, kind: 'reorder' });

    const received = (await receive()).map(({ body }) => body);

    expect(received).not.toEqual(bodies);
    expect([...received].sort()).toEqual(bodies);
  });

  test('the same seed affects the same requests', async () => {
    const outcomes = async (faultSeed: number) => {
      const seeded = await startLocalCloud({ checkSignatures: false, faultSeed });
      seeded.faults.inject({ operation: 'ListBuckets', rate: 0.5, kind: 'error' });
      const statuses: number[] = [];
      for (let n = 0; n < 40; n++) statuses.push((await fetch(`${seeded.oss.url}/`)).status);
      await seeded.close();
      return statuses;
    };

    const [first, same, other] = [await outcomes(1), await outcomes(1), await outcomes(2)];

    expect(same).toEqual(first);
    expect(other).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 500]));
  });
});
