import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import type { OssClientOptions } from '../../../shared/oss/client.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { createHttpClient, readBody } from '../../../shared/runtime/http.ts';
import { objectStoreContract } from '../../contracts/object-store.ts';
import { createAliOss, createAliOssStore } from '../../support/ali-oss-store.ts';
import { ossClientOf } from '../../support/cloud-clients.ts';

/** The contract over the wire: our client and the official SDK, each against a bucket of its own. */

const PAGE_SIZE = 10;
let cloud: LocalCloud;
let buckets = 0;

beforeAll(async () => {
  cloud = await startLocalCloud();
});
afterAll(() => cloud.close());

const sdk = (version: 'V1' | 'V4' = 'V4') =>
  createAliOss({
    endpoint: cloud.oss.url.replace('127.0.0.1', 'localhost'),
    region: cloud.region,
    credentials: cloud.credentials,
    version,
  });

const newBucket = async () => {
  const bucket = `contract-${++buckets}`;
  await sdk().putBucket(bucket);
  return bucket;
};

const newClient = (options: Partial<OssClientOptions> = {}) =>
  ossClientOf(cloud, { listPageSize: PAGE_SIZE, ...options });

const open = (bucket: string) => {
  const client = newClient();
  return { store: client.bucket(bucket), close: async () => client.close() };
};

objectStoreContract('the OSS client against the local server', async () => open(await newBucket()), {
  openMissing: async () => open('never-created'),
});

for (const version of ['V1', 'V4'] as const)
  objectStoreContract(
    `ali-oss with ${version} against the local server`,
    async () => ({
      store: createAliOssStore(sdk(version), await newBucket(), PAGE_SIZE),
      close: async () => {},
    }),
    // Its HTTP library resolves dot segments after the signature was made.
    { stoppable: false, unsendable: (key) => /(^|\/)\.{1,2}(\/|$)/.test(key) },
  );

describe('OSS client and local cloud', () => {
  test('the OSS client creates URLs that work without credentials', async () => {
    const bucket = await newBucket();
    const client = newClient();
    const request = { bucket, key: 'a b/../é.jpg', expiresSeconds: 60 };
    const http = createHttpClient();
    const use = async (method: 'GET' | 'PUT', url: string, headers: Record<string, string>) => {
      const target = url.slice(cloud.oss.url.length);
      const body = method === 'PUT' ? Buffer.from('uploaded') : undefined;
      const response = await http.send({
        method,
        url: new URL(cloud.oss.url),
        target,
        headers: { ...headers, ...(body && { 'content-length': String(body.length) }) },
        timeoutMs: 10_000,
        body,
      });
      return { status: response.status, body: (await readBody(response)).toString() };
    };
    const contentType = 'image/jpeg';
    const upload = await client.presign({ ...request, method: 'PUT', contentType });
    const download = await client.presign({ ...request, method: 'GET' });

    const uploaded = await use('PUT', upload, { 'content-type': contentType });
    const downloaded = await use('GET', download, {});
    const otherType = await use('PUT', upload, { 'content-type': 'text/html' });

    expect(uploaded.status).toBe(200);
    expect(downloaded).toEqual({ status: 200, body: 'uploaded' });
    expect(otherType.status).toBe(403);
    await expect(client.bucket(bucket).head(request.key)).resolves.toMatchObject({ contentType });
    http.close();
    client.close();
  });

  test('the OSS client works with a clock that is an hour behind', async () => {
    const bucket = await newBucket();
    const client = newClient({ clock: manualClock(Date.now() - 3_600_000) });

    const put = await client.bucket(bucket).put('k', Buffer.from('x'));

    expect(put.etag).toBe('9DD4E461268C8034F5C8564E155C67A6');
    client.close();
  });

  test('the OSS client survives faults of the service within its attempts', async () => {
    const bucket = await newBucket();
    const client = newClient({ attempts: 10, random: () => 0 });
    const store = client.bucket(bucket);
    const often = { operation: 'PutObject', rate: 0.2 };
    cloud.faults.inject({ ...often, kind: 'error' });
    cloud.faults.inject({ ...often, kind: 'throttle' });
    cloud.faults.inject({ ...often, kind: 'reset', when: 'before' });
    cloud.faults.inject({ ...often, kind: 'reset', when: 'after' });

    for (let index = 0; index < 20; index++) await store.put(`k${index}`, Buffer.from(String(index)));
    cloud.faults.clear();

    const keys: string[] = [];
    for await (const entry of store.list()) keys.push(entry.key);
    expect(keys).toHaveLength(20);
    client.close();
  });
});
