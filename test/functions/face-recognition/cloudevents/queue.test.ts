import { expect, test } from 'vitest';
import { createBridge } from '../../../../functions/mns-poller/bridge.ts';
import { createDeadLetterQueue } from '../../../../functions/mns-poller/dead-letters.ts';
import { type ConsumerEvents, createConsumer } from '../../../../shared/mns/consumer/index.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { seededRandom } from '../../../../shared/runtime/random.ts';
import { createHttpSink } from '../../../../shared/sinks/http.ts';
import { mnsClientOf } from '../../../support/cloud-clients.ts';
import { SAMPLE_NUMBERS, SAMPLES, sampleBytes } from '../../../support/photos.ts';
import { documentOf } from '../support.ts';
import { openReceiverStage } from './stage.ts';

const UNREADABLE = Buffer.from('no notification').toString('base64');

test('every upload passes queue, poller and receiver although OSS fails one request in ten', async () => {
  const stage = await openReceiverStage();
  const { cloud, photos } = stage;
  const client = mnsClientOf(cloud);
  for (const name of ['uploads', 'dead']) await cloud.mns.ensureQueue(name);
  await cloud.rules.ensure({
    name: 'uploads',
    eventTypes: ['ObjectCreated:PutObject'],
    resources: [{ bucket: 'photos', prefix: 'incoming/', suffix: '' }],
    endpoints: [{ type: 'queue', name: 'uploads' }],
  });
  for (const sample of SAMPLE_NUMBERS) await photos.put(`incoming/${sample}.jpg`, sampleBytes(sample));
  for (const name of ['x', 'y', 'z'])
    await photos.put(`incoming/${name}.jpg`, Buffer.from(`no picture ${name}`));
  for (let index = 0; index < 2; index++) await client.queue('uploads').send(UNREADABLE);
  for (const operation of ['GetObject', 'HeadObject', 'PutObject'])
    cloud.faults.inject({ operation, rate: 0.1, kind: 'error' });
  // So that at least one image needs another delivery, whatever the seed says.
  const heal = cloud.faults.inject({ operation: 'PutObject', rate: 1, kind: 'error' });

  const sink = createHttpSink({ url: stage.url, timeoutMs: 20_000, clock: systemClock });
  const consumer = createConsumer({
    queue: client.queue('uploads'),
    handle: createBridge({ sink, queueName: 'uploads', clock: systemClock, eventData: 'notification' }),
    deadLetters: createDeadLetterQueue(client.queue('dead')),
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
    options: { retry: { baseMs: 100, capMs: 1000 } },
  });
  const retried: ConsumerEvents['messageRetried'][] = [];
  consumer.on('messageRetried', (event) => {
    retried.push(event);
    if (event.reason.startsWith('HTTP 500')) heal();
  });
  let left = SAMPLE_NUMBERS.length + 3 + 2;
  const finished = new Promise<void>((resolve) => {
    consumer.on('messageDeleted', () => --left === 0 && resolve());
  });
  consumer.start();
  await finished;
  const report = await consumer.stop();
  cloud.faults.clear();

  for (const sample of SAMPLE_NUMBERS)
    expect((await documentOf(stage, `incoming/${sample}.jpg`)).faces).toHaveLength(SAMPLES[sample]);
  for (const name of ['x', 'y', 'z'])
    expect(await documentOf(stage, `incoming/${name}.jpg`)).toMatchObject({
      error: { code: 'InvalidImage' },
    });
  const letters = await client.queue('dead').receive({ max: 16, waitSeconds: 0 });
  expect(letters.map(({ body }) => JSON.parse(body).body)).toEqual([UNREADABLE, UNREADABLE]);
  expect(report).toMatchObject({ deadLettered: 2, unacknowledged: 0 });
  expect(retried.filter(({ reason }) => reason.startsWith('HTTP 500')).length).toBeGreaterThan(0);
  await sink.close();
  client.close();
  await stage.close();
});
