import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OSS from 'ali-oss';
import { afterEach, describe, expect, test } from 'vitest';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../local/cloud.ts';
import { manualClock } from '../../shared/runtime/clock.ts';
import { type Credentials, staticCredentials } from '../../shared/runtime/credentials.ts';
import { mnsClientOf } from '../support/cloud-clients.ts';
import { listenOnLoopback } from '../support/loopback.ts';
import { aFunction } from './fc/support.ts';

const RULE = {
  name: 'uploads',
  eventTypes: ['ObjectCreated:PutObject'],
  resources: [{ bucket: 'photos', prefix: 'incoming/', suffix: '' }],
  endpoints: [{ type: 'queue', name: 'uploads' }],
} as const;

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A cloud with the official OSS client and our MNS client before it. */
async function start(options: LocalCloudOptions = {}) {
  const cloud = await startLocalCloud(options);
  cleanups.push(cloud.close);
  return { cloud, ...connect(cloud) };
}

function connect(cloud: LocalCloud, credentials: Credentials = cloud.credentials) {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  const oss = new OSS({
    accessKeyId,
    accessKeySecret,
    ...(securityToken && { stsToken: securityToken }),
    endpoint: cloud.oss.url.replace('127.0.0.1', 'localhost'),
    region: `oss-${cloud.region}`,
    bucket: 'photos',
    ...{ sldEnable: true, authorizationV4: true },
  });
  const mns = mnsClientOf(cloud, { credentials: staticCredentials(credentials) });
  cleanups.push(() => mns.close());
  return { oss, mns, queue: mns.queue('uploads') };
}

async function dataDirectory(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'local-cloud-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  return folder;
}

const keyOf = (body: string): string =>
  JSON.parse(Buffer.from(body, 'base64').toString('utf8')).events[0].oss.object.key;

describe('the local cloud', () => {
  test('an upload reaches the queue that an event rule names', async () => {
    const { cloud, oss, queue } = await start();
    await cloud.mns.ensureQueue('uploads');
    await cloud.rules.create(RULE);
    await oss.putBucket('photos');

    await oss.put('incoming/a.jpg', Buffer.from('image'));
    await oss.put('elsewhere/b.jpg', Buffer.from('image'));

    const messages = await queue.receive({ max: 16, waitSeconds: 0 });
    expect(messages.map(({ body }) => keyOf(body))).toEqual(['incoming/a.jpg']);
  });

  test('events reach an own topic, whose subscriptions decide which queues receive them', async () => {
    const { cloud, oss, mns } = await start();
    await cloud.mns.ensureQueue('uploads');
    await cloud.mns.ensureQueue('audit');
    await mns.createTopic('mine');
    const address = (queue: string) => `acs:mns:${cloud.region}:${cloud.accountId}:queues/${queue}`;
    for (const name of ['uploads', 'audit']) {
      await mns.subscribe('mine', name, { endpoint: address(name), format: 'SIMPLIFIED' });
    }
    await cloud.rules.create({ ...RULE, endpoints: [{ type: 'topic', name: 'mine' }] });
    await oss.putBucket('photos');

    const put = await oss.put('incoming/a.jpg', Buffer.from('image'));

    for (const name of ['uploads', 'audit']) {
      const messages = await mns.queue(name).receive({ max: 16, waitSeconds: 5 });
      expect(messages.map(({ body }) => keyOf(body))).toEqual(['incoming/a.jpg']);
    }
    expect((put.res as { headers: Record<string, string> }).headers['x-oss-event-status']).toBe(
      Buffer.from('{"Result":"Ok"}').toString('base64'),
    );
  });

  test('buckets, rules and messages are still in the data folder after a restart', async () => {
    const dataDir = await dataDirectory();
    const first = await startLocalCloud({ dataDir });
    await first.mns.ensureQueue('uploads');
    await first.rules.create(RULE);
    const { oss } = connect(first);
    await oss.putBucket('photos');
    await oss.put('incoming/before.jpg', Buffer.from('image'));
    await first.close();

    const second = await start({ dataDir, rules: [RULE] });
    await second.oss.put('incoming/after.jpg', Buffer.from('image'));

    const messages = await second.queue.receive({ max: 16, waitSeconds: 0 });
    expect(messages.map(({ body }) => keyOf(body))).toEqual(['incoming/before.jpg', 'incoming/after.jpg']);
    expect((await second.oss.get('incoming/before.jpg')).content.toString()).toBe('image');
  });

  test('a reset leaves an empty cloud without rules and faults', async () => {
    const { cloud, oss, queue } = await start();
    await cloud.mns.ensureQueue('uploads');
    await cloud.rules.create(RULE);
    await oss.putBucket('photos');
    await oss.put('incoming/a.jpg', Buffer.from('image'));
    cloud.faults.inject({ operation: '*', rate: 1, kind: 'error' });

    await cloud.reset();

    expect(cloud.rules.list()).toEqual([]);
    await expect(oss.get('incoming/a.jpg')).rejects.toMatchObject({ code: 'NoSuchBucket' });
    await expect(queue.receive({ max: 1, waitSeconds: 0 })).rejects.toMatchObject({ code: 'QueueNotExist' });
  });

  test('signatures are checked by the clock of the cloud', async () => {
    const { oss } = await start({ clock: manualClock(Date.now() - 20 * 60_000) });

    await expect(oss.listBuckets({})).rejects.toMatchObject({ code: 'RequestTimeTooSkewed' });
  });

  test('the clock of the cloud can be advanced while clients sign by their own clock', async () => {
    const { cloud, oss, queue } = await start();
    await cloud.mns.ensureQueue('uploads', { visibilityTimeout: 43_200, messageRetentionPeriod: 600_000 });
    await oss.putBucket('photos');
    await oss.put('a', Buffer.from('x'));
    const url = oss.signatureUrl('a', { expires: 3600 });
    await queue.send('m');
    await queue.receive({ max: 1, waitSeconds: 0 });

    await cloud.clock.advance(43_200_000);

    const [again] = await queue.receive({ max: 1, waitSeconds: 0 });
    expect(again?.body).toBe('m');
    expect((await oss.get('a')).content.toString()).toBe('x');
    expect((await fetch(url)).status).toBe(403);
  });

  test('OSS and MNS accept issued credentials until they expire', async () => {
    const clock = manualClock(Date.now());
    const { cloud } = await start({ clock });
    await cloud.mns.ensureQueue('uploads');
    const credentials = cloud.issueCredentials({ durationMs: 60_000 });
    const { oss, queue } = connect(cloud, credentials);
    const forged = connect(cloud, { ...credentials, securityToken: 'forged' });

    await oss.putBucket('photos');
    await queue.send('m');

    await expect(forged.oss.listBuckets({})).rejects.toMatchObject({
      code: 'AccessKeyIdAndSecurityTokenNotMatch',
    });
    await expect(forged.queue.send('m')).rejects.toMatchObject({ code: 'SecurityTokenExpired' });
    await clock.advance(60_000);
    await expect(oss.listBuckets({})).rejects.toMatchObject({ code: 'SecurityTokenExpired' });
    await expect(queue.send('m')).rejects.toMatchObject({ code: 'SecurityTokenExpired' });
  });

  test('Function Compute starts with the cloud, is called by uploads and by issued keys, and closes with it', async () => {
    const { cloud, oss } = await start();
    const echo = await aFunction('exports.handler = async (event) => event;', {
      name: 'echo',
      service: 'faces',
    });
    const fc = await cloud.startFc({
      functions: [echo],
      ossTriggers: [
        { name: 'uploads', functionName: 'echo', bucket: 'photos', events: ['oss:ObjectCreated:PutObject'] },
      ],
    });
    await oss.putBucket('photos');

    await oss.put('a.jpg', Buffer.from('image'));
    await fc.settled();

    const [run] = fc.history('echo');
    expect(JSON.parse(run!.body.toString()).events[0]).toMatchObject({
      eventName: 'ObjectCreated:PutObject',
      oss: { object: { key: 'a.jpg' }, ruleId: 'uploads' },
    });
    await cloud.close();
    await expect(fetch(fc.url)).rejects.toThrow('fetch failed');
  });

  test('a fault of the management API has its form, and one of MNS that of MNS', async () => {
    const { cloud } = await start();
    cloud.faults.inject({ operation: '*', rate: 1, kind: 'throttle' });

    const ofRules = await fetch(cloud.mns.url, {
      method: 'POST',
      headers: { 'x-acs-action': 'ListEventRules' },
    });
    const ofMns = await fetch(`${cloud.mns.url}/queues`);

    expect([ofRules.status, ((await ofRules.json()) as { Code: string }).Code]).toEqual([400, 'Throttling']);
    expect([ofMns.status, await ofMns.text()]).toEqual([
      503,
      expect.stringContaining('<Code>QpsLimitExceeded'),
    ]);
  });

  test('a start that fails because a port is taken leaves nothing open', async () => {
    const { port, close } = await listenOnLoopback(createServer());
    cleanups.push(close);
    const dataDir = await dataDirectory();

    await expect(startLocalCloud({ dataDir, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });

    await start({ dataDir });
  });
});
