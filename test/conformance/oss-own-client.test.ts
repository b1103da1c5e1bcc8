import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import type { OssClient } from '../../shared/oss/client.ts';
import type { ObjectStore } from '../../shared/oss/object-store.ts';
import { ossClientOf } from '../support/cloud-clients.ts';
import { checkThrough } from './check.ts';

const check = checkThrough('our OSS client');

/** What the contract of object stores proves in depth; here a look at each operation. */
describe("the project's OSS client", () => {
  let cloud: LocalCloud;
  let client: OssClient;
  let store: ObjectStore;
  let buckets = 0;

  beforeAll(async () => {
    cloud = await startLocalCloud();
    client = ossClientOf(cloud, { listPageSize: 2 });
  });
  afterAll(async () => {
    client.close();
    await cloud.close();
  });
  beforeEach(async () => {
    const bucket = `conformance-${++buckets}`;
    await client.createBucket(bucket);
    store = client.bucket(bucket);
  });
  const read = async (key: string) => Buffer.concat(await (await store.get(key)).body.toArray()).toString();

  check('PutBucket', 'succeeds again', async () => {
    await client.createBucket(store.bucket);
    await store.put('a', Buffer.from('there'));

    expect(await read('a')).toBe('there');
  });

  check('PutObject', 'stores bytes and streams under odd keys', async () => {
    await store.put('../a b?é😀%2F', Buffer.from('bytes'));
    await store.put('stream/', Readable.from([Buffer.from('one'), Buffer.from('two')]));

    expect(await read('../a b?é😀%2F')).toBe('bytes');
    expect(await read('stream/')).toBe('onetwo');
  });

  check('GetObject', 'reads a range', async () => {
    await store.put('a', Buffer.from('hello'));

    const { body } = await store.get('a', { range: { start: 1, end: 3 } });

    expect(Buffer.concat(await body.toArray()).toString()).toBe('ell');
  });

  check('GetObject', 'works by signed URL', async () => {
    await store.put('a', Buffer.from('hello'));

    const url = await client.presign({ bucket: store.bucket, key: 'a', method: 'GET', expiresSeconds: 60 });

    expect(await (await fetch(url)).text()).toBe('hello');
  });

  check('HeadObject', 'returns metadata, and undefined for a missing key', async () => {
    await store.put('a', Buffer.from('hello'), { contentType: 'text/x-test', metadata: { uid: 'é' } });

    expect(await store.head('a')).toMatchObject({
      size: 5,
      contentType: 'text/x-test',
      metadata: { uid: 'é' },
    });
    expect(await store.head('nothing')).toBeUndefined();
  });

  check('ListObjectsV2', 'lists in pages', async () => {
    const keys = ['a', 'a/1', 'b', 'ü', '😀'];
    for (const key of keys) await store.put(key, Buffer.from('x'));

    const listed: string[] = [];
    for await (const { key } of store.list()) listed.push(key);

    expect(listed).toEqual(keys);
  });

  check('DeleteObject', 'succeeds twice', async () => {
    await store.put('a', Buffer.from('x'));

    await store.delete('a');
    await store.delete('a');

    expect(await store.head('a')).toBeUndefined();
  });
});
