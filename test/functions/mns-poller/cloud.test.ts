import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBridge } from '../../../functions/mns-poller/bridge.ts';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import type { MnsClient } from '../../../shared/mns/client.ts';
import {
  type Consumer,
  type ConsumerEvents,
  createConsumer,
  type StopReport,
} from '../../../shared/mns/consumer/index.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import type { Delivery } from '../../../shared/runtime/delivery.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';
import { mnsClientOf } from '../../support/cloud-clients.ts';
import { bodyOf, sinkOf } from './support.ts';

const QUEUE = 'uploads';

let cloud: LocalCloud;
const clients: MnsClient[] = [];

beforeEach(async () => {
  cloud = await startLocalCloud();
  await cloud.mns.ensureQueue(QUEUE, { visibilityTimeout: 2 });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await cloud.close();
});

function connect(): MnsClient {
  const client = mnsClientOf(cloud);
  clients.push(client);
  return client;
}

/** A poller as a program would have it, with delays as short as MNS allows. */
function startPoller(answer: () => Delivery, accepted: Map<string, number>): Consumer {
  const { sink } = sinkOf((event) => {
    const delivery = answer();
    if (delivery.result === 'accepted') accepted.set(event.id, (accepted.get(event.id) ?? 0) + 1);
    return delivery;
  });
  const consumer = createConsumer({
    queue: connect().queue(QUEUE),
    handle: createBridge({ sink, queueName: QUEUE, clock: systemClock }),
    deadLetters: {
      name: 'none',
      put: async ({ reason }) => {
        throw new Error(`nothing should be given up: ${reason}`);
      },
    },
    clock: systemClock,
    random: seededRandom(3),
    logger: silentLogger,
    options: { visibilitySeconds: 2, maxDequeueCount: 1000, retry: { baseMs: 100, capMs: 1000 } },
  });
  consumer.start();
  return consumer;
}

async function sendAll(count: number): Promise<Set<string>> {
  const queue = connect().queue(QUEUE);
  const ids = new Set<string>();
  for (let index = 0; index < count; index++) {
    const keys = [`${index}a`, `${index}b`];
    await queue.send(bodyOf(...keys));
    for (const [place, key] of keys.entries()) ids.add(`${key}.${place}`);
  }
  return ids;
}

/** Resolves at the event's `count`th time. */
function told(consumer: Consumer, event: keyof ConsumerEvents, count: number): Promise<void> {
  let left = count;
  return new Promise((resolve) => {
    consumer.on(event, () => {
      if (--left === 0) resolve();
    });
  });
}

async function untilEmpty(): Promise<void> {
  const queue = connect().queue(QUEUE);
  for (;;) {
    const { activeMessages, inactiveMessages } = await queue.attributes();
    if (activeMessages + inactiveMessages === 0) return;
    await systemClock.sleep(100);
  }
}

describe('poller and local cloud', () => {
  test('the poller delivers every record to the sink although requests fail, answers are lost and messages come twice', async () => {
    const ids = await sendAll(150);
    const chance = seededRandom(5);
    const accepted = new Map<string, number>();
    const busy: Delivery = { result: 'retry', reason: 'busy' };
    const withdraw = [
      cloud.faults.inject({ operation: 'ReceiveMessage', rate: 0.2, kind: 'error' }),
      cloud.faults.inject({ operation: 'ReceiveMessage', rate: 0.1, kind: 'reset', when: 'after' }),
      cloud.faults.inject({ operation: 'BatchDeleteMessage', rate: 0.4, kind: 'throttle' }),
      cloud.faults.inject({ operation: 'BatchDeleteMessage', rate: 0.2, kind: 'reset', when: 'after' }),
      cloud.faults.inject({ operation: 'ChangeMessageVisibility', rate: 0.1, kind: 'reset', when: 'before' }),
      cloud.faults.inject({ operation: 'ReceiveMessage', rate: 0.2, kind: 'duplicate' }),
      cloud.faults.inject({ operation: 'ReceiveMessage', rate: 0.2, kind: 'reorder' }),
    ];

    const consumer = startPoller(() => (chance() < 0.1 ? busy : { result: 'accepted' }), accepted);
    await Promise.all([told(consumer, 'receiveFailed', 2), told(consumer, 'deleteFailed', 2)]);
    for (const take of withdraw) take();
    await untilEmpty();
    const report = await consumer.stop();

    expect(new Set(accepted.keys())).toEqual(ids);
    expect(report).toMatchObject({ deadLettered: 0, unacknowledged: 0, abandoned: 0 });
  });

  test('the poller loses nothing when it is stopped again and again in the middle of work', async () => {
    const ids = await sendAll(60);
    const accepted = new Map<string, number>();
    const reports: StopReport[] = [];

    for (let turn = 0; turn < 5; turn++) {
      const consumer = startPoller(() => ({ result: 'accepted' }), accepted);
      await told(consumer, 'recordDelivered', 9);
      reports.push(await consumer.stop({ deadlineMs: 500 }));
    }
    const last = startPoller(() => ({ result: 'accepted' }), accepted);
    await untilEmpty();
    await last.stop();

    expect(reports.reduce((sum, { deleted }) => sum + deleted, 0)).toBeGreaterThan(0);
    expect(new Set(accepted.keys())).toEqual(ids);
    expect(new Set(accepted.values())).toEqual(new Set([1]));
  });
});
