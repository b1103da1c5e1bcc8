import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startEntry } from '../../support/child-program.ts';
import { ACCOUNT, createSdk, type SdkFields, startMns, type TestMns, until } from './support.ts';

let dataDir: string;
let server: TestMns | undefined;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'mns-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(dataDir, { recursive: true });
});

async function restart(): Promise<TestMns> {
  await server?.close();
  server = await startMns({ dataDir });
  return server;
}

async function receiveAll({ sdk }: TestMns, queue: string): Promise<SdkFields[]> {
  const all: SdkFields[] = [];
  for (;;) {
    try {
      all.push(...(await sdk.batchReceiveMessage(queue, 16)).body);
    } catch (error) {
      expect(error).toMatchObject({ name: 'MNSMessageNotExistError' });
      return all;
    }
  }
}

describe('MNS after a restart', () => {
  test('queues, topics, subscriptions, messages and their states survive a restart', async () => {
    const { sdk, request } = await restart();
    await sdk.createQueue('q', { VisibilityTimeout: 600 });
    await sdk.createTopic('t');
    const endpoint = `acs:mns:cn-hangzhou:${ACCOUNT.accountId}:queues/q`;
    await request('PUT', '/topics/t/subscriptions/s', {
      body: `<Subscription><Endpoint>${endpoint}</Endpoint><NotifyContentFormat>SIMPLIFIED</NotifyContentFormat></Subscription>`,
    });
    for (const body of ['deleted', 'held', 'waiting']) await sdk.sendMessage('q', { MessageBody: body });
    await sdk.deleteMessage('q', (await sdk.receiveMessage('q')).body.ReceiptHandle!);
    const { body: held } = await sdk.receiveMessage('q');

    const after = await restart();
    await after.sdk.publishMessage('t', { MessageBody: 'published' });

    const bodies = (await receiveAll(after, 'q')).map((message) => message.MessageBody);
    expect(bodies).toEqual(['waiting', 'published']);
    // The receipt handle outlives the restart, and so does the count of receives.
    await after.sdk.changeMessageVisibility('q', held.ReceiptHandle!, 1);
    await after.clock.advance(1000);
    const { body: again } = await after.sdk.receiveMessage('q');
    expect(again).toMatchObject({
      MessageId: held.MessageId,
      DequeueCount: '2',
      FirstDequeueTime: held.FirstDequeueTime,
    });
  });

  test('a queue, a topic and a subscription are found again with the same settings after a restart', async () => {
    const endpoint = `acs:mns:cn-hangzhou:${ACCOUNT.accountId}:queues/q`;
    const statusesOf = async ({ sdk, request }: TestMns) => [
      (await sdk.createQueue('q', { DelaySeconds: 1 })).code,
      (await sdk.createTopic('t')).code,
      (
        await request('PUT', '/topics/t/subscriptions/s', {
          body: `<Subscription><Endpoint>${endpoint}</Endpoint></Subscription>`,
        })
      ).status,
    ];

    const created = await statusesOf(await restart());
    const again = await statusesOf(await restart());

    expect([created, again]).toEqual([
      [201, 201, 201],
      [204, 204, 204],
    ]);
  });

  test('a push that an HTTP endpoint has not accepted continues after a restart', async () => {
    const { sdk, request, clock } = await restart();
    await sdk.createTopic('t');
    await request('PUT', '/topics/t/subscriptions/s', {
      // Nobody listens there.
      body: '<Subscription><Endpoint>http://127.0.0.1:1/</Endpoint></Subscription>',
    });
    await sdk.publishMessage('t', { MessageBody: 'm' });
    await until(() => clock.pending() === 1);

    const after = await restart();

    expect((await after.sdk.getTopicAttributes('t')).body.MessageCount).toBe('1');
    await until(() => after.clock.pending() === 1);
  });

  test('the signing certificate is the same after a restart', async () => {
    const certificate = async ({ url }: TestMns) =>
      (await fetch(`${url}/x509_public_certificate.pem`)).text();
    const before = await certificate(await restart());

    const after = await certificate(await restart());

    expect(after).toBe(before);
    expect(after).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
  });
});

describe('MNS after kill -9', () => {
  test('kill -9 loses no acknowledged message and restores no deleted one', async () => {
    const script = fileURLToPath(new URL('crash-server.ts', import.meta.url));
    const server = startEntry(script, {}, dataDir, JSON.stringify(ACCOUNT));
    const [url] = await server.said(/http\S+(?=\n)/);
    const sdk = createSdk(url);
    await sdk.createQueue('q');
    const sent = new Set<string>();
    const deleted = new Set<string>();
    const untilKilled = async (work: () => Promise<void>) => {
      for (;;) {
        try {
          await work();
        } catch {
          return;
        }
      }
    };
    const clients = [
      ...Array.from({ length: 6 }, () =>
        untilKilled(async () => {
          sent.add((await sdk.sendMessage('q', { MessageBody: 'm' })).body.MessageId!);
        }),
      ),
      untilKilled(async () => {
        const { body } = await sdk.receiveMessage('q', 5);
        await sdk.deleteMessage('q', body.ReceiptHandle!);
        deleted.add(body.MessageId!);
      }),
    ];

    await until(() => sent.size > 300 && deleted.size > 20);
    server.process.kill('SIGKILL');
    await Promise.all([...clients, server.ended()]);

    const after = await restart();
    // What was received and not deleted becomes visible again.
    await after.clock.advance(60_000);
    const found = new Set((await receiveAll(after, 'q')).map((message) => message.MessageId!));
    // One may be gone: its delete was done when the answer was lost.
    expect([...sent].filter((id) => !found.has(id) && !deleted.has(id)).length).toBeLessThanOrEqual(1);
    expect([...deleted].filter((id) => found.has(id))).toEqual([]);
  });
});
