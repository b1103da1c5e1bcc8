import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import AliOss from 'ali-oss';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAppError } from '../../../shared/runtime/errors.ts';
import { startEntry } from '../../support/child-program.ts';
import { ACCOUNT, failureOf, headersOf, openBucket, sendRaw, startOss, untyped } from './support.ts';

const CHILD = fileURLToPath(new URL('./server-process.ts', import.meta.url));

describe('OSS with a data folder', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await fs.mkdtemp(path.join(tmpdir(), 'oss-test-'));
  });
  afterEach(() => fs.rm(dataDir, { recursive: true, force: true }));

  const filesOf = async (bucket: string) => {
    const directory = path.join(dataDir, 'oss', 'buckets', bucket, 'objects');
    return (await fs.readdir(directory)).sort();
  };

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

  test('files that no record names after a crash are deleted at the start', async () => {
    const first = await startOss({ dataDir });
    const { client, bucket } = await openBucket(first);
    await client.put('a', Buffer.from('hello'));
    await first.close();
    const before = await filesOf(bucket);
    const objects = path.join(dataDir, 'oss', 'buckets', bucket, 'objects');
    await fs.writeFile(path.join(objects, `${'0'.repeat(64)}.torn`), 'half an obj');
    await fs.writeFile(
      path.join(objects, `${before.find((name) => name.endsWith('.json'))}.tmp`),
      '{"key":"a","ver',
    );
    await fs.mkdir(path.join(dataDir, 'oss', 'buckets', 'half-made'));

    const second = await startOss({ dataDir });

    expect(await filesOf(bucket)).toEqual(before);
    expect((await second.client({ bucket }).get('a')).content.toString()).toBe('hello');
    expect(await failureOf(second.client().getBucketInfo('half-made'))).toMatchObject({
      code: 'NoSuchBucket',
    });
    await second.close();
  });

  test('an upload whose object was committed before a crash is deleted at the start', async () => {
    const first = await startOss({ dataDir });
    const { client, bucket } = await openBucket(first);
    const { uploadId } = await client.initMultipartUpload('big');
    const part = await untyped(client)._uploadPart!('big', uploadId, 1, {
      stream: await toFileStream(dataDir, 'part'),
      size: 4,
    });
    const uploads = path.join(dataDir, 'oss', 'buckets', bucket, 'uploads');
    await fs.cp(uploads, path.join(dataDir, 'saved'), { recursive: true });
    await client.completeMultipartUpload('big', uploadId, [{ number: 1, etag: part.etag as string }]);
    await first.close();
    await fs.cp(path.join(dataDir, 'saved'), uploads, { recursive: true });

    const second = await startOss({ dataDir });
    const reopened = second.client({ bucket });

    expect(await failureOf(reopened.abortMultipartUpload('big', uploadId))).toMatchObject({
      code: 'NoSuchUpload',
    });
    expect((await reopened.get('big')).content.toString()).toBe('part');
    await second.close();
  });

  test('a store with a damaged record is not opened', async () => {
    const first = await startOss({ dataDir });
    const { client, bucket } = await openBucket(first);
    await client.put('a', Buffer.from('hello'));
    await first.close();
    const [record] = (await filesOf(bucket)).filter((name) => name.endsWith('.json'));
    await fs.writeFile(path.join(dataDir, 'oss', 'buckets', bucket, 'objects', record!), 'damaged');

    const error: unknown = await startOss({ dataDir }).catch((thrown: unknown) => thrown);

    expect(isAppError(error, 'StorageCorrupt')).toBe(true);
    expect(String(error)).toContain(record);
  });

  test('no bytes remain of objects that were overwritten, deleted or refused', async () => {
    const oss = await startOss({ dataDir });
    const { client, bucket } = await openBucket(oss);
    await client.put('a', Buffer.from('1'));
    await client.put('a', Buffer.from('2'));
    await client.put('b', Buffer.from('3'));
    await client.delete('b');
    await failureOf(client.put('a', Buffer.from('4'), { headers: { 'x-oss-forbid-overwrite': 'true' } }));
    await failureOf(client.put('a', Buffer.from('6'), { headers: { 'x-oss-forbid-overwrite': 'perhaps' } }));
    await failureOf(
      client.put('c', Buffer.from('5'), { headers: { 'Content-MD5': Buffer.alloc(16).toString('base64') } }),
    );

    await oss.close();

    const files = await filesOf(bucket);
    expect(files.filter((name) => name.endsWith('.json'))).toHaveLength(1);
    expect(files).toHaveLength(2);
  });

  test('acknowledged objects survive a power failure that loses unflushed files', async () => {
    const first = await startOss({ dataDir });
    const { client, bucket } = await openBucket(first);
    const large = Buffer.alloc(100_000, 'l');
    await client.put('small', Buffer.from('hello'));
    await client.put('gone', Buffer.from('x'));
    await client.delete('gone');
    await client.put('large', large);
    await client.append('log', Buffer.from('one'));
    const flushed = await filesOf(bucket);
    await client.append('log', Buffer.from(' two'), { position: 3 as never });
    const directory = path.join(dataDir, 'oss', 'buckets', bucket);
    const crashed = `${dataDir}-crashed`;
    await fs.cp(dataDir, crashed, { recursive: true });
    await first.close();
    const small = await fs.readdir(path.join(crashed, 'oss', 'buckets', bucket, 'objects'));
    const hash = createHash('sha256').update('small').digest('hex');
    for (const name of small.filter((each) => each.startsWith(hash))) {
      await fs.rm(path.join(crashed, 'oss', 'buckets', bucket, 'objects', name));
    }

    const second = await startOss({ dataDir: crashed });
    const reopened = second.client({ bucket });

    const { objects } = await reopened.list({ 'max-keys': 10 }, {});
    expect(objects.map(({ name }) => name)).toEqual(['large', 'log', 'small']);
    expect((await reopened.get('small')).content.toString()).toBe('hello');
    expect((await reopened.get('large')).content).toEqual(large);
    expect((await reopened.get('log')).content.toString()).toBe('one two');
    expect(flushed.some((name) => name.startsWith(hash))).toBe(true);
    expect((await fs.readdir(directory)).sort()).toEqual(['bucket.json', 'objects', 'uploads']);
    await second.close();
    await fs.rm(crashed, { recursive: true });
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

async function toFileStream(directory: string, text: string) {
  const file = path.join(directory, 'upload-source');
  await fs.writeFile(file, text);
  return (await fs.open(file)).createReadStream();
}

/** A server in its own process, which the test kills. */
async function startProcess(dataDir: string) {
  const program = startEntry(CHILD, {}, dataDir);
  const [, port] = await program.said(/^(\d+)\n/);
  return { port: Number(port), ended: program.ended(), kill: () => program.process.kill('SIGKILL') };
}
