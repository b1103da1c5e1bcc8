import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { verifyDataFolder } from '../../local/check-data.ts';
import { DEFAULT_ACCOUNT, type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import type { Damage } from '../../local/disk/data-folder.ts';
import { mnsClientOf, ossClientOf } from '../support/cloud-clients.ts';
import { authorizationV1 } from '../support/oss-signature-v1.ts';
import { tempDir } from '../support/temp-dir.ts';

const DISK_BYTES = 12 * 1024 * 1024;
/** How soon every client is to be answered. */
const MAX_MS = 1000;

const canMount = process.platform === 'linux' && process.getuid?.() === 0;

describe.skipIf(!canMount)('a full disk (needs root on Linux: it mounts a small tmpfs)', () => {
  let disk: string;
  let dataDir: string;
  beforeEach(async () => {
    disk = await tempDir();
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk]);
    onTestFinished(() => void execFileSync('umount', ['--lazy', disk]));
    dataDir = join(disk, 'data');
  });

  /** Takes all space that is left, to the last page. */
  const fill = async () => {
    const file = await fs.open(join(disk, 'ballast'), 'a');
    try {
      for (let size = 1024 * 1024; size >= 4096; size /= 2) {
        for (;;) {
          const { bytesWritten } = await file.write(Buffer.alloc(size)).catch(() => ({ bytesWritten: 0 }));
          if (bytesWritten < size) break;
        }
      }
    } finally {
      await file.close();
    }
  };

  const start = async () => {
    const cloud = await startLocalCloud({ dataDir });
    onTestFinished(() => cloud.close());
    const oss = ossClientOf(cloud);
    const mns = mnsClientOf(cloud);
    onTestFinished(() => {
      oss.close();
      mns.close();
    });
    return { cloud, oss, mns, bucket: oss.bucket('things'), queue: mns.queue('jobs') };
  };

  const startFull = async () => {
    const started = await start();
    await started.oss.createBucket('things');
    await started.cloud.mns.ensureQueue('jobs');
    await started.bucket.put('before', Buffer.from('kept'));
    await fill();
    return started;
  };

  test.each([
    ['of 4 KB', () => Buffer.alloc(4096)],
    ['of 40 KB', () => Buffer.alloc(40_000)],
    ['of 1 MB', () => Buffer.alloc(1_000_000)],
    ['of 30 MB', () => Buffer.alloc(30_000_000)],
    ['of 3 MB as a stream', () => Readable.from(Array.from({ length: 30 }, () => Buffer.alloc(100_000)))],
  ])('a PUT %s is refused at once on a full disk', async (_, body) => {
    const { bucket } = await startFull();
    const started = performance.now();

    const error = await bucket.put('new', body()).catch((thrown: unknown) => thrown);

    expect(performance.now() - started).toBeLessThan(MAX_MS);
    expect(error).toMatchObject({ details: { status: 500 } });
    expect((await buffer((await bucket.get('before')).body)).toString()).toBe('kept');
  });

  test('a client that is still sending is answered at once on a full disk', async () => {
    const { cloud } = await startFull();
    const started = performance.now();

    const answer = await sendHalf(cloud, 5_000_000, 200_000);

    expect(performance.now() - started).toBeLessThan(MAX_MS);
    expect(answer).toMatch(/^HTTP\/1\.1 500 /);
  });

  test('messages and rules are refused at once on a full disk', async () => {
    const { queue, cloud } = await startFull();
    const rule = {
      name: 'rule',
      eventTypes: ['ObjectCreated:PutObject'],
      resources: [{ bucket: 'things', prefix: '', suffix: '' }],
      endpoints: [{ type: 'queue', name: 'jobs' }],
      delivery: 'direct',
    } as const;
    const started = performance.now();

    const results = await Promise.allSettled([queue.send('x'.repeat(60_000)), cloud.rules.create(rule)]);

    expect(performance.now() - started).toBeLessThan(MAX_MS);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(cloud.rules.list()).toEqual([]);
  });

  test('a disk that fills under load loses nothing that was acknowledged, and works again when there is room', async () => {
    const { oss, bucket, queue, cloud } = await start();
    await oss.createBucket('things');
    await cloud.mns.ensureQueue('jobs');
    await fs.writeFile(join(disk, 'ballast'), Buffer.alloc(4_000_000));
    const stored = new Map<string, Buffer>();
    const sent = new Set<string>();
    let refused = 0;
    const load = async (worker: number) => {
      for (let count = 0; count < 60; count++) {
        const key = `${worker}-${count}`;
        const bytes = randomBytes([900, 20_000, 50_000, 400_000][count % 4]!);
        await bucket.put(key, bytes).then(
          () => stored.set(key, bytes),
          () => refused++,
        );
        await queue.send(key).then(
          () => sent.add(key),
          () => refused++,
        );
      }
    };

    await Promise.all([load(1), load(2), load(3), load(4)]);
    await fs.rm(join(disk, 'ballast'));
    await bucket.put('after', Buffer.from('works'));
    stored.set('after', Buffer.from('works'));
    await cloud.close();
    const damage: Damage[] = [];
    await verifyDataFolder(dataDir, (found) => void damage.push(found));
    const again = await start();

    expect(refused).toBeGreaterThan(0);
    expect(damage).toEqual([]);
    for (const [key, bytes] of stored) {
      expect((await buffer((await again.bucket.get(key)).body)).equals(bytes), key).toBe(true);
    }
    const received = new Set<string>();
    for (;;) {
      const batch = await again.queue.receive({ max: 16, waitSeconds: 0 });
      if (batch.length === 0) break;
      for (const { body } of batch) received.add(body);
    }
    expect([...sent].filter((body) => !received.has(body))).toEqual([]);
  });

  test('a start on a full disk fails with a reason, and one with room finds everything', async () => {
    const { cloud } = await startFull();
    await cloud.close();

    const full = await startLocalCloud({ dataDir }).then(
      async (started) => {
        await started.close();
        return 'started';
      },
      (error: unknown) => error,
    );
    await fs.rm(join(disk, 'ballast'));
    const again = await start();

    if (full !== 'started') expect(full).toMatchObject({ code: 'DiskFull' });
    expect((await buffer((await again.bucket.get('before')).body)).toString()).toBe('kept');
  });
});

/** Sends some of the bytes that it announces, waits for the answer, and returns it. */
function sendHalf(cloud: LocalCloud, announced: number, sent: number): Promise<string> {
  const { hostname, port } = new URL(cloud.oss.url);
  const date = new Date().toUTCString();
  const headers = { date, 'content-type': 'text/plain' };
  const resource = '/things/half';
  const authorization = authorizationV1(DEFAULT_ACCOUNT, { method: 'PUT', resource, query: [], headers });
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: hostname, port: Number(port) });
    socket.write(
      `PUT ${resource} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nDate: ${date}\r\nContent-Type: text/plain\r\nContent-Length: ${announced}\r\nAuthorization: ${authorization}\r\n\r\n`,
    );
    socket.write(Buffer.alloc(sent));
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
    socket.once('data', (data) => {
      resolve(data.toString('latin1'));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
