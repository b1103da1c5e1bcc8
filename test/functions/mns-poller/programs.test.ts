import * as http from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { handler } from '../../../functions/mns-poller/fc.ts';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import { startEntry } from '../../support/child-program.ts';
import { mnsClientOf } from '../../support/cloud-clients.ts';
import { listenOnLoopback } from '../../support/loopback.ts';
import { encodeToken } from '../../support/mns-token.ts';
import type { TopicClient } from '../../support/mns-topics.ts';
import { bodyOf } from './support.ts';

/** A sink over HTTP that keeps the subjects of its events. */
interface Sink {
  readonly url: string;
  readonly subjects: string[];
  close(): void;
}

let cloud: LocalCloud;
let client: TopicClient;
let sink: Sink;
let env: Record<string, string>;

beforeEach(async () => {
  cloud = await startLocalCloud();
  client = mnsClientOf(cloud);
  await cloud.mns.ensureQueue('dead');
  sink = await startSink();
  env = {
    MNS_TOKEN: encodeToken({ url: cloud.mns.url, credentials: cloud.credentials }),
    K_SINK: sink.url,
    DEAD_LETTERS: 'mns:dead',
    REGION: cloud.region,
    FC_ACCOUNT_ID: cloud.accountId,
    PORT: '0',
  };
});

afterEach(async () => {
  vi.unstubAllEnvs();
  client.close();
  sink.close();
  await cloud.close();
});

async function startSink(): Promise<Sink> {
  const subjects: string[] = [];
  const server = http.createServer((request, response) => {
    subjects.push(String(request.headers['ce-subject']).split('/').pop()!);
    request.resume().on('end', () => response.writeHead(204).end());
  });
  return { subjects, ...(await listenOnLoopback(server)) };
}

const startServer = (variables: Record<string, string>, ...args: string[]) =>
  startEntry('functions/mns-poller/server.ts', variables, ...args);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('server.ts', () => {
  test("the long-running poller creates a topic's queue, delivers its messages to the sink, and stops on SIGTERM", async () => {
    await client.createTopic('mns-en-topics-oss-faces');
    const program = startServer({
      ...env,
      MNS_TOPIC: 'mns-en-topics-oss-faces',
      NAMESPACE: 'photos',
      NAME: 'uploads',
    });
    const said = await program.line('queue and subscription of the topic exist');
    const { port } = await program.line('poller has started');

    await client.publish('mns-en-topics-oss-faces', bodyOf('one.jpg'));
    await until(() => sink.subjects.length === 1);
    await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    program.process.kill('SIGTERM');
    const report = await program.line('poller has stopped');

    expect(await program.ended()).toBe(0);
    expect(said).toMatchObject({ topic: 'mns-en-topics-oss-faces', namespace: 'photos', name: 'uploads' });
    expect(sink.subjects).toEqual(['one.jpg']);
    expect(metrics).toContain('mnsoss_poller_records_delivered_total{result="accepted"} 1');
    expect(report).toMatchObject({ received: 1, deleted: 1, released: 0, unacknowledged: 0 });
    expect(program.stderr()).toBe('');
  });

  test('the long-running poller names a missing setting without a stack', async () => {
    const program = startServer({ K_SINK: sink.url });

    expect(await program.ended()).toBe(1);
    expect(program.stderr()).toMatch(/^ConfigInvalid: DEAD_LETTERS \(--dead-letters\) must be set: .*\n$/);
  });

  test('the long-running poller rejects a topic that does not exist', async () => {
    const program = startServer({ ...env, MNS_TOPIC: 'absent' });

    expect(await program.ended()).toBe(1);
    expect(program.stderr()).toContain('TopicNotExist');
  });
});

describe('fc.ts', () => {
  const timer = Buffer.from(
    '{"triggerTime":"2026-01-01T00:00:00Z","triggerName":"every-4-minutes","payload":""}',
  );
  const context = { requestId: 'r1', function: { timeout: 20 } };

  test('the poller that a timer runs drains the queue and reports what it did', async () => {
    await cloud.mns.ensureQueue('uploads');
    const queue = client.queue('uploads');
    for (let index = 0; index < 30; index++) await queue.send(bodyOf(`${index}.jpg`));
    await queue.send('no event');
    for (const [name, value] of Object.entries({ ...env, MNS_QUEUE: 'uploads', LOG_LEVEL: 'silent' })) {
      vi.stubEnv(name, value);
    }

    const report = await handler(timer, context);

    expect(report).toMatchObject({ empty: true, received: 31, deleted: 31, deadLettered: 1, released: 0 });
    expect(new Set(sink.subjects).size).toBe(30);
    expect((await queue.attributes()).activeMessages).toBe(0);
    expect((await client.queue('dead').receive({ max: 16, waitSeconds: 0 })).length).toBe(1);
  });

  test('the poller that a timer runs fails when the queue cannot be read', async () => {
    for (const [name, value] of Object.entries({ ...env, MNS_QUEUE: 'absent', LOG_LEVEL: 'silent' })) {
      vi.stubEnv(name, value);
    }

    await expect(handler(timer, { ...context, function: { timeout: 3 } })).rejects.toMatchObject({
      message: expect.stringContaining('QueueNotExist'),
    });
  });

  test('the poller that a timer runs rejects other events', async () => {
    await expect(handler(Buffer.from('{}'), context)).rejects.toMatchObject({ code: 'EnvelopeUnknown' });
  });
});
