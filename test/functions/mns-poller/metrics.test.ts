import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { createBridge } from '../../../functions/mns-poller/bridge.ts';
import { createMetrics } from '../../../functions/mns-poller/metrics.ts';
import { createConsumer } from '../../../shared/mns/consumer/index.ts';
import { manualClock, systemClock } from '../../../shared/runtime/clock.ts';
import type { Delivery } from '../../../shared/runtime/delivery.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { startHttpServer } from '../../../shared/runtime/http-server.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';
import { createMemoryQueue } from '../../support/memory-queue.ts';
import { bodyOf, sinkOf } from './support.ts';

function metricsOf(answer: () => Delivery) {
  const clock = manualClock();
  const queue = createMemoryQueue({ name: 'uploads', clock });
  let queueIsDown = false;
  const { sink } = sinkOf(answer);
  const consumer = createConsumer({
    queue,
    handle: createBridge({ sink, queueName: 'uploads', clock }),
    deadLetters: { name: 'none', put: async () => {} },
    clock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  const watched = {
    ...queue,
    attributes: async () => {
      if (queueIsDown) throw new AppError('AccessDenied', 'no');
      return queue.attributes();
    },
  };
  const registry = createMetrics({ consumer, queue: watched, clock, logger: silentLogger });
  const down = () => {
    queueIsDown = true;
  };
  return { clock, queue, consumer, registry, down };
}

describe('createMetrics', () => {
  test('the metrics of the poller count what happened to messages and records', async () => {
    const { clock, queue, consumer, registry } = metricsOf(() => ({ result: 'accepted' }));
    await queue.send(bodyOf('one.jpg', 'two.jpg'));
    await queue.send('no event');
    await clock.advance(4_000);

    consumer.start();
    await clock.advance(5_000);
    const text = await registry.metrics();
    await consumer.stop();

    expect(text).toContain('mnsoss_poller_messages_received_total 2');
    expect(text).toContain('mnsoss_poller_records_delivered_total{result="accepted"} 2');
    expect(text).toContain('mnsoss_poller_messages_dead_lettered_total{code="EnvelopeUnknown"} 1');
    expect(text).toContain('mnsoss_poller_messages_deleted_total 2');
    expect(text).toContain('mnsoss_poller_message_age_seconds_bucket{le="1"} 0');
    expect(text).toContain('mnsoss_poller_message_age_seconds_bucket{le="5"} 2');
    expect(text).toContain('mnsoss_poller_ready 1');
    expect(text).toContain('mnsoss_poller_queue_messages{state="active"} 0');
  });

  test.each([
    ['HTTP 503: try again at noon', 'HTTP 503'],
    ['NetworkError: refused by 10.0.0.1', 'NetworkError'],
    ['HTTP 429, ResourceExhausted: too many', 'HTTP 429'],
    ['FunctionFailed: HandledInvocationError', 'FunctionFailed'],
    ['the moon is full', 'other'],
  ])('the metrics of the poller label the reason "%s" as %s', async (reason, label) => {
    const { clock, queue, consumer, registry } = metricsOf(() => ({ result: 'retry', reason }));
    await queue.send(bodyOf('one.jpg'));

    consumer.start();
    await clock.advance(600);
    const text = await registry.metrics();
    await consumer.stop();

    expect(text).toContain(`mnsoss_poller_messages_retried_total{reason="${label}",where="queue"} 1`);
  });

  test('the page about the poller lists all of its metrics and no others', async () => {
    const { registry } = metricsOf(() => ({ result: 'accepted' }));
    const page = await readFile(new URL('../../../docs/poller.md', import.meta.url), 'utf8');
    const rows = page
      .split('## Metrics')[1]!
      .split('##')[0]!
      .matchAll(/^\| `(\w+)` \|/gm);

    const told = [...rows].map(([, name]) => `mnsoss_poller_${name}`);

    expect(told.sort()).toEqual((await registry.getMetricsAsJSON()).map(({ name }) => name).sort());
  });

  test('the metrics of the poller omit a depth that cannot be read', async () => {
    const { clock, registry, down } = metricsOf(() => ({ result: 'accepted' }));
    const before = await registry.metrics();
    down();
    await clock.advance(15_000);

    const after = await registry.metrics();

    expect(before).toContain('mnsoss_poller_queue_messages{state="active"} 0');
    expect(after).not.toContain('mnsoss_poller_queue_messages{');
  });
});

describe('startHttpServer', () => {
  test('the server of the poller answers liveness, readiness and metrics', async () => {
    const { registry } = metricsOf(() => ({ result: 'accepted' }));
    let ready = false;
    const server = await startHttpServer({
      port: 0,
      handle: async () => ({ status: 404 }),
      ready: () => ready,
      metrics: registry,
      maxBytes: 0,
      concurrency: 1,
      clock: systemClock,
    });
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
      return { status: response.status, text: await response.text() };
    };

    const answers = [await get('/livez'), await get('/readyz')];
    ready = true;
    answers.push(await get('/readyz?verbose'), await get('/metrics'), await get('/'), await get('//'));
    await server.drain(0);

    expect(answers.map(({ status }) => status)).toEqual([200, 503, 200, 200, 404, 404]);
    expect(answers[3]!.text).toContain('# TYPE mnsoss_poller_in_flight gauge');
  });
});
