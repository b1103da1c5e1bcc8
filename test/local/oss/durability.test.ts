import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import AliOss from 'ali-oss';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startEntry } from '../../support/child-program.ts';
import { tempDir } from '../../support/temp-dir.ts';
import {
  ACCOUNT,
  blobFilesIn,
  failureOf,
  headersOf,
  openBucket,
  sendRaw,
  startOss,
  untyped,
} from './support.ts';

/** Bytes of an object that gets a file of its own. */
const LARGE = 40_000;
const CHILD = fileURLToPath(new URL('./server-process.ts', import.meta.url));

describe('OSS with a data folder', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await fs.mkdtemp(path.join(tmpdir(), 'oss-test-'));
  });
  afterEach(() => fs.rm(dataDir, { recursive: true, force: true }));

  test('buckets, objects, uploads and versions survive a restart', async () => {
    const first = await startOss({ dataDir });
    const { client, bucket } = await openBucket(first);
    await client.put('kept', Buffer.from('hello'), { meta: { uid: 1 } as never });
    await client.put('gone', Buffer.from('x'));
    await client.delete('gone');
    await client.putBucketCORS(bucket, [{ allowedOrigin: '*', allowedMethod: 'GET' }] as never);
    const { uploadId } = await client.initMultipartUpload('big');
    const part = await untyped(client)._uploadPart!('big', uploadId, 1, {
      stream: await toFileStream(dataDir, 'part'),
      size: 4,
    });
    await untyped(client).putBucketVersioning!(bucket, 'Enabled');
    await client.put('kept', Buffer.from('newer'));
    await first.close();

    const second = await startOss({ dataDir });
    const reopened = second.client({ bucket });
    await reopened.completeMultipartUpload('big', uploadId, [{ number: 1, etag: part.etag as string }]);
    const { objects } = await reopened.list({ 'max-keys': 10 }, {});

    expect(objects.map(({ name }) => name)).toEqual(['big', 'kept']);
    expect((await reopened.get('kept')).content.toString()).toBe('newer');
    const old = await reopened.get('kept', { versionId: 'null' } as never);
    expect(old.content.toString()).toBe('hello');
    expect(headersOf(old)['x-oss-meta-uid']).toBe('1');
    expect((await reopened.get('big')).content.toString()).toBe('part');
    expect((await reopened.getBucketCORS(bucket)).rules).toHaveLength(1);
    await second.close();
  });

  test('an upload that is completed is gone after a crash, and its object has its bytes', async () => {
    const first = await startOss({ dataDir });
    const { client, bucket } = await openBucket(first);
    const large = Buffer.alloc(120_000, 'l');
    const { uploadId } = await client.initMultipartUpload('big');
    const etags: string[] = [];
    for (const [index, bytes] of [large, Buffer.from('last')].entries()) {
      const data = { stream: await toFileStream(dataDir, bytes), size: bytes.length };
      const part = await untyped(client)._uploadPart!('big', uploadId, index + 1, data);
      etags.push(part.etag as string);
    }
    await client.completeMultipartUpload(
      'big',
      uploadId,
      etags.map((etag, index) => ({ number: index + 1, etag })),
    );
    const crashed = await copyOf(dataDir);

    const second = await startOss({ dataDir: crashed });
    const reopened = second.client({ bucket });

    expect(await failureOf(reopened.abortMultipartUpload('big', uploadId))).toMatchObject({
      code: 'NoSuchUpload',
    });
    expect((await reopened.get('big')).content).toEqual(Buffer.concat([large, Buffer.from('last')]));
    await first.close();
    await second.close();
  });

  test('no bytes remain of objects that were overwritten, deleted or refused', async () => {
    const oss = await startOss({ dataDir });
    const { client } = await openBucket(oss);
    await client.put('a', Buffer.alloc(LARGE, '1'));
    await client.put('a', Buffer.alloc(LARGE, '2'));
    await client.put('b', Buffer.alloc(LARGE, '3'));
    await client.delete('b');
    await failureOf(
      client.put('a', Buffer.alloc(LARGE, '4'), { headers: { 'x-oss-forbid-overwrite': 'true' } }),
    );
    await failureOf(
      client.put('a', Buffer.alloc(LARGE, '6'), { headers: { 'x-oss-forbid-overwrite': 'perhaps' } }),
    );
    await failureOf(
      client.put('c', Buffer.alloc(LARGE, '5'), {
        headers: { 'Content-MD5': Buffer.alloc(16).toString('base64') },
      }),
    );

    await oss.close();

    const [kept, ...others] = await blobFilesIn(dataDir);
    expect((await fs.readFile(kept!)).subarray(0, LARGE)).toEqual(Buffer.alloc(LARGE, '2'));
    expect(others).toEqual([]);
  });

  test('acknowledged objects survive a crash at any moment', async () => {
    const first = await startOss({ dataDir });
    const { client, bucket } = await openBucket(first);
    const large = Buffer.alloc(100_000, 'l');
    await client.put('small', Buffer.from('hello'));
    await client.put('gone', Buffer.from('x'));
    await client.delete('gone');
    await client.put('large', large);
    await client.append('log', Buffer.from('one'));
    await client.append('log', Buffer.from(' two'), { position: 3 as never });
    const crashed = await copyOf(dataDir);
    await first.close();

    const second = await startOss({ dataDir: crashed });
    const reopened = second.client({ bucket });

    const { objects } = await reopened.list({ 'max-keys': 10 }, {});
    expect(objects.map(({ name }) => name)).toEqual(['large', 'log', 'small']);
    expect((await reopened.get('small')).content.toString()).toBe('hello');
    expect((await reopened.get('large')).content).toEqual(large);
    expect((await reopened.get('log')).content.toString()).toBe('one two');
    await second.close();
  });

  test('an object that is appended to many times stays whole and has few segments', async () => {
    const first = await startOss({ dataDir });
    const { client, bucket } = await openBucket(first);
    let expected = '';
    for (let index = 0; index < 60; index++) {
      const text = `line ${index}\n`.repeat(index % 7 === 0 ? 5000 : 1);
      await client.append('log', Buffer.from(text), { position: expected.length as never });
      expected += text;
    }
    await first.close();

    const second = await startOss({ dataDir });

    expect((await second.client({ bucket }).get('log')).content.toString()).toBe(expected);
    expect((await blobFilesIn(dataDir)).length).toBeLessThan(10);
    await second.close();
  });

  test('acknowledged objects are complete after the process is killed', async () => {
    const server = await startProcess(dataDir);
    const client = new AliOss({
      accessKeyId: ACCOUNT.accessKeyId,
      accessKeySecret: ACCOUNT.accessKeySecret,
      endpoint: `http://localhost:${server.port}`,
      sldEnable: true,
      region: 'oss-cn-hangzhou',
    } as AliOss.Options);
    await client.putBucket('crash-bucket');
    client.useBucket('crash-bucket');
    const acknowledged = new Map<string, string>();
    const bodyOf = (version: number) => String(version).repeat(40_000);
    const writer = async (key: string) => {
      for (let version = 1; ; version++) {
        await client.put(key, Buffer.from(bodyOf(version)));
        acknowledged.set(key, bodyOf(version));
        if (acknowledged.size === 8 && version === 4) server.kill();
      }
    };

    await Promise.all(Array.from({ length: 8 }, (_, index) => writer(`key-${index}`).catch(() => {})));
    await server.ended;

    const reopened = await startOss({ dataDir });
    const after = reopened.client({ bucket: 'crash-bucket' });
    for (const [key, body] of acknowledged) {
      const text = (await after.get(key)).content.toString();
      const version = Number(text.slice(0, text.length / 40_000));
      expect(text === bodyOf(version)).toBe(true);
      expect(version).toBeGreaterThanOrEqual(Number(body.slice(0, body.length / 40_000)));
    }
    expect(acknowledged.size).toBe(8);
    await reopened.close();
  });
});

describe('OSS without a data folder', () => {
  test('a store without a folder is empty after a reset', async () => {
    const oss = await startOss();
    const { client } = await openBucket(oss);
    await client.put('a', Buffer.from('hello'));

    await oss.reset();

    const { status } = await sendRaw(oss.port, { path: '/any-bucket/a' });
    expect(status).toBe(404);
    // ali-oss gives no list when there is nothing to list.
    expect((await untyped(client).listBuckets!({})).buckets).toBeNull();
    await oss.close();
  });
});

/** What a crash would leave now. */
async function copyOf(dataDir: string): Promise<string> {
  const copy = await tempDir();
  await fs.cp(dataDir, copy, { recursive: true });
  return copy;
}

async function toFileStream(directory: string, content: string | Buffer) {
  const file = path.join(directory, 'upload-source');
  await fs.writeFile(file, content);
  return (await fs.open(file)).createReadStream();
}

/** A server in its own process, which the test kills. */
async function startProcess(dataDir: string) {
  const program = startEntry(CHILD, {}, dataDir);
  const [, port] = await program.said(/^(\d+)\n/);
  return { port: Number(port), ended: program.ended(), kill: () => program.process.kill('SIGKILL') };
}
