import { createServer, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createBridge } from '../../../functions/mns-poller/bridge.ts';
import { createDeadLetterQueue } from '../../../functions/mns-poller/dead-letters.ts';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import type { MnsClient } from '../../../shared/mns/client.ts';
import {
  type Consumer,
  type ConsumerEvents,
  type ConsumerOptions,
  createConsumer,
} from '../../../shared/mns/consumer/index.ts';
import { type ManualClock, manualClock } from '../../../shared/runtime/clock.ts';
import { type CredentialProvider, staticCredentials } from '../../../shared/runtime/credentials.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';
import { createHttpSink } from '../../../shared/sinks/http.ts';
import type { EventSink } from '../../../shared/sinks/sink.ts';
import { mnsClientOf } from '../../support/cloud-clients.ts';
import { listenOnLoopback } from '../../support/loopback.ts';
import { bodyOf, sinkOf } from './support.ts';

const QUEUE = 'uploads';
const VISIBILITY_SECONDS = 20;

/** The local cloud and the poller, over real connections, in a time that the tests move. */
let clock: ManualClock;
let cloud: LocalCloud;
let client: MnsClient;

beforeEach(async () => {
  clock = manualClock(Date.UTC(2026, 0, 1));
  cloud = await startLocalCloud({ clock });
  await cloud.mns.ensureQueue(QUEUE, { visibilityTimeout: VISIBILITY_SECONDS });
  await cloud.mns.ensureQueue('dead');
  client = connect(staticCredentials(cloud.credentials));
});

afterEach(async () => {
  await passing(cloud.close());
});

function connect(credentials: CredentialProvider): MnsClient {
  const connected = mnsClientOf(cloud, { credentials, clock });
  onTestFinished(() => connected.close());
  return connected;
}

interface Started {
  readonly consumer: Consumer;
  emitted<K extends keyof ConsumerEvents>(name: K): ConsumerEvents[K][];
}

const WATCHED = [
  'messageReceived',
  'messageDeleted',
  'messageLost',
  'messageRetried',
  'messageDeadLettered',
  'visibilityRenewed',
  'serviceFailed',
  'receiveFailed',
] as const;

function startPoller(
  sink: EventSink,
  options: Partial<ConsumerOptions> = {},
  { mns = client, queue = QUEUE } = {},
): Started {
  const consumer = createConsumer({
    queue: mns.queue(queue),
    handle: createBridge({ sink, queueName: queue, clock }),
    deadLetters: createDeadLetterQueue(mns.queue('dead')),
    clock,
    random: seededRandom(3),
    logger: silentLogger,
    options: { visibilitySeconds: VISIBILITY_SECONDS, ...options },
  });
  const log: { name: string; event: unknown }[] = [];
  for (const name of WATCHED) consumer.on(name, (event) => void log.push({ name, event }));
  consumer.start();
  return {
    consumer,
    emitted: <K extends keyof ConsumerEvents>(name: K) =>
      log.filter((entry) => entry.name === name).map((entry) => entry.event as ConsumerEvents[K]),
  };
}

/** Moves time in small steps, each of which leaves the connections their turns. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    await clock.advance(Math.min(100, ms - passed));
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function passing<T>(work: Promise<T>): Promise<T> {
  let settled = false;
  const done = work.finally(() => {
    settled = true;
  });
  while (!settled) await pass(100);
  return done;
}

async function until(condition: () => boolean, mostMs = 600_000): Promise<void> {
  const end = clock.now() + mostMs;
  while (!condition()) {
    if (clock.now() > end) throw new Error('it never came true');
    await pass(100);
  }
}

async function depth(): Promise<number> {
  const { activeMessages, inactiveMessages } = await client.queue(QUEUE).attributes();
  return activeMessages + inactiveMessages;
}

/** Accepts each event after so long. */
function slowSink(ms: number | (() => number)) {
  return sinkOf(async () => {
    await clock.sleep(typeof ms === 'number' ? ms : ms());
    return { result: 'accepted' };
  });
}

/** A sink over HTTP, in the time of the tests. */
async function httpSink(answer: (response: ServerResponse, index: number) => void) {
  const times: number[] = [];
  const server = createServer((request, response) => {
    times.push(clock.now());
    request.resume().on('end', () => answer(response, times.length - 1));
  });
  const { url, close } = await listenOnLoopback(server);
  const sink = createHttpSink({ url, timeoutMs: 30_000, clock });
  onTestFinished(async () => {
    await sink.close();
    await close();
  });
  return { sink, times };
}

describe('poller under faults', () => {
  test('the poller continues when its credentials expire in the middle of work', async () => {
    const issue = () => cloud.issueCredentials({ durationMs: 60_000 });
    let held = issue();
    let refreshed = 0;
    const mns = connect(async ({ refresh } = {}) => {
      if (refresh) {
        held = issue();
        refreshed++;
      }
      return held;
    });
    for (let index = 0; index < 30; index++) await client.queue(QUEUE).send(bodyOf(`${index}.jpg`));
    const { sink, events } = slowSink(25_000);

    const { consumer, emitted } = startPoller(sink, { concurrency: 5, prefetch: 0 }, { mns });
    await until(() => emitted('messageDeleted').length === 30);
    await passing(consumer.stop());

    expect(refreshed).toBeGreaterThan(1);
    expect(emitted('serviceFailed')).toEqual([]);
    expect(events).toHaveLength(30);
    expect(await depth()).toBe(0);
  });

  test('the poller reads the queue that replaces a deleted one', async () => {
    await client.queue(QUEUE).send(bodyOf('old.jpg'));
    const { sink, events } = slowSink(45_000);
    const { consumer, emitted } = startPoller(sink);
    await until(() => events.length === 1);

    await client.deleteQueue(QUEUE);
    await pass(30_000);
    const readyWithout = consumer.ready();
    await client.createQueue(QUEUE, { visibilityTimeout: VISIBILITY_SECONDS });
    await client.queue(QUEUE).send(bodyOf('new.jpg'));
    await until(() => emitted('messageDeleted').length === 1);
    const readyWith = consumer.ready();
    await passing(consumer.stop());

    expect([readyWithout, readyWith]).toEqual([false, true]);
    expect(emitted('messageLost')).toHaveLength(1);
    expect(events.map(({ subject }) => subject?.split('/').pop())).toEqual(['old.jpg', 'new.jpg']);
  });

  test('the poller waits for a missing queue with few requests', async () => {
    await client.createTopic('mns-en-topics-oss-faces');
    const { sink, events } = slowSink(0);
    const { consumer, emitted } = startPoller(sink, {}, { mns: client, queue: 'mns-en-topics-oss-faces' });

    await pass(5_000);
    const failures = emitted('receiveFailed').length;
    await client.createQueue('mns-en-topics-oss-faces');
    await client.queue('mns-en-topics-oss-faces').send(bodyOf('one.jpg'));
    await until(() => events.length === 1);
    await passing(consumer.stop());

    expect(failures).toBeLessThanOrEqual(10);
    expect(emitted('receiveFailed')[0]).toMatchObject({ error: { code: 'QueueNotExist' } });
  });

  test('the poller delivers the largest messages next to unreadable ones', async () => {
    const keys: string[] = [];
    while (bodyOf(...keys, 'one-more.jpg').length <= 65_536) keys.push(`${keys.length}.jpg`);
    const largest = bodyOf(...keys);
    const bodies = [largest, 'no event', largest, '{"events":[{"eventName":"nonsense"}]}', '<a>&"\u00e9'];
    for (const body of bodies) await client.queue(QUEUE).send(body);
    const { sink, events } = slowSink(0);

    const { consumer, emitted } = startPoller(sink);
    await until(() => emitted('messageDeleted').length === bodies.length);
    await passing(consumer.stop());
    const letters = await client.queue('dead').receive({ max: 16, waitSeconds: 0 });

    expect(largest.length).toBeGreaterThan(64_000);
    expect(events).toHaveLength(2 * keys.length);
    const written = letters.map(({ body }) => JSON.parse(body));
    expect(new Set(written.map(({ body }) => body))).toEqual(new Set([bodies[1], bodies[3], bodies[4]]));
    for (const letter of written) expect(letter).toMatchObject({ code: 'EnvelopeUnknown', dequeueCount: 1 });
  });

  test('the poller delivers to a hanging sink once more', async () => {
    await client.queue(QUEUE).send(bodyOf('one.jpg'));
    const { sink, times } = await httpSink((response, index) => {
      if (index > 0) response.writeHead(204).end();
    });

    const { consumer, emitted } = startPoller(sink);
    await until(() => emitted('messageDeleted').length === 1);
    await passing(consumer.stop());

    expect(times).toHaveLength(2);
    expect(emitted('messageReceived').map(({ message }) => message.dequeueCount)).toEqual([1, 2]);
    expect(emitted('messageLost')).toEqual([]);
    expect(emitted('messageRetried')).toMatchObject([{ reason: expect.stringContaining('within 30000 ms') }]);
  });

  test('the poller respects a Retry-After that is longer than the visibility', async () => {
    await client.queue(QUEUE).send(bodyOf('one.jpg'));
    const { sink, times } = await httpSink((response, index) => {
      if (index === 0) response.writeHead(429, { 'retry-after': '90' }).end();
      else response.writeHead(204).end();
    });

    const { consumer, emitted } = startPoller(sink);
    await until(() => emitted('messageDeleted').length === 1);
    await passing(consumer.stop());

    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(90_000);
    expect(emitted('messageReceived')).toHaveLength(2);
  });

  test('the poller never loses a receipt between renewal and acknowledgement, however slow the service is', async () => {
    const random = seededRandom(9);
    for (let index = 0; index < 60; index++) await client.queue(QUEUE).send(bodyOf(`${index}.jpg`));
    cloud.faults.inject({ operation: 'ChangeMessageVisibility', rate: 0.7, kind: 'latency', ms: 1_500 });
    cloud.faults.inject({ operation: 'BatchDeleteMessage', rate: 0.5, kind: 'latency', ms: 900 });
    // Renewals are due after half of the visibility: many of these end while one is under way.
    const { sink, events } = slowSink(() => (VISIBILITY_SECONDS / 2) * 1000 + random() * 2_000);

    const { consumer, emitted } = startPoller(sink, { concurrency: 20, prefetch: 0 });
    await until(() => emitted('messageDeleted').length === 60);
    await passing(consumer.stop());

    expect(emitted('visibilityRenewed').length).toBeGreaterThan(30);
    expect(emitted('messageLost')).toEqual([]);
    expect(events).toHaveLength(60);
  });

  test('the poller hides no message when it stops while messages are on their way', async () => {
    cloud.faults.inject({ operation: 'ReceiveMessage', rate: 1, kind: 'latency', ms: 300 });
    for (let index = 0; index < 20; index++) await client.queue(QUEUE).send(bodyOf(`${index}.jpg`));
    const { sink } = slowSink(5_000);
    const { consumer } = startPoller(sink);
    await pass(200);

    const report = await passing(consumer.stop());
    await pass(1_100);

    const { activeMessages, inactiveMessages } = await client.queue(QUEUE).attributes();
    expect(report.released).toBeGreaterThan(0);
    expect({ activeMessages, inactiveMessages }).toEqual({ activeMessages: 20, inactiveMessages: 0 });
  });
});
