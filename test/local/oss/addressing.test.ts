import type AliOss from 'ali-oss';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAddress } from '../../../local/oss/http/address.ts';
import { openBucket, presignedPath, startOss, type TestOss } from './support.ts';

describe('readAddress', () => {
  test.each([
    ['localhost:9000', '/', {}],
    ['localhost:9000', '/photos', { bucket: 'photos' }],
    ['localhost:9000', '/photos/', { bucket: 'photos' }],
    ['127.0.0.1:9000', '/photos/a%20b/c', { bucket: 'photos', key: 'a b/c' }],
    ['[::1]:9000', '/photos/a', { bucket: 'photos', key: 'a' }],
    ['photos.localhost:9000', '/a', { bucket: 'photos', key: 'a' }],
    ['Photos.localhost', '/', { bucket: 'photos' }],
    ['photos.oss-cn-hangzhou.aliyuncs.com', '/a/b', { bucket: 'photos', key: 'a/b' }],
    ['photos.oss-cn-hangzhou-internal.aliyuncs.com', '/', { bucket: 'photos' }],
    ['.oss-cn-hangzhou.aliyuncs.com', '/', {}],
    ['oss-cn-hangzhou.aliyuncs.com', '/', {}],
    ['oss.example.com', '/photos/a', { bucket: 'photos', key: 'a' }],
    ['photos.oss.example.com', '/a', { bucket: 'photos', key: 'a' }],
    ['photos.oss.local:9000', '/a', { bucket: 'photos', key: 'a' }],
    ['new-bucket.oss.local:9000', '/', { bucket: 'new-bucket' }],
    ['new-bucket.example.com', '/', {}],
    ['photos.example.com', '/a', { bucket: 'photos', key: 'a' }],
  ])('the host %s with the path %s is read as an address', (host, path, expected) => {
    const [first] = readAddress(host, path, ['photos']);

    expect(first).toEqual(expected);
  });

  test('both readings are offered if host and path name the same bucket', () => {
    const readings = readAddress('photos.oss-cn-hangzhou.aliyuncs.com', '/photos/a', ['photos']);

    expect(readings).toEqual([
      { bucket: 'photos', key: 'a' },
      { bucket: 'photos', key: 'photos/a' },
    ]);
  });

  test('the signature decides whether an unknown domain begins with a new bucket', () => {
    const readings = readAddress('new-bucket.example.com', '/', []);

    expect(readings).toEqual([{}, { bucket: 'new-bucket' }]);
  });

  test('a path that is not UTF-8 is refused', () => {
    expect(() => readAddress('localhost', '/photos/%ff', [])).toThrow('The specified object is not valid.');
  });
});

describe.each([{ v4: false }, { v4: true }])('addressing styles of ali-oss, V4 $v4', ({ v4 }) => {
  let oss: TestOss;
  let bucket: string;

  beforeAll(async () => {
    oss = await startOss();
    const opened = await openBucket(oss, { v4 });
    bucket = opened.bucket;
    await opened.client.put('a', Buffer.from('hello'));
  });
  afterAll(() => oss.close());

  test.each([
    ['in the path', (port: number) => ({ endpoint: `http://localhost:${port}`, sldEnable: true })],
    [
      'in the Host header only',
      (port: number) => ({ endpoint: `http://127.0.0.1:${port}`, sldEnable: false }),
    ],
    [
      'in path and Host header',
      (port: number) => ({ endpoint: `http://127.0.0.1:${port}`, sldEnable: true }),
    ],
    [
      'in the signature only',
      (port: number) => ({ endpoint: `http://localhost:${port}`, sldEnable: false, cname: true }),
    ],
  ])('ali-oss reaches a bucket: %s', async (_, options) => {
    const client: AliOss = oss.client({ v4, bucket, ...options(oss.port) });

    const { content } = await client.get('a');

    expect(content.toString()).toBe('hello');
  });
});

describe('paths that clients normalize', () => {
  let oss: TestOss;
  let bucket: string;

  beforeAll(async () => {
    oss = await startOss();
    ({ bucket } = await openBucket(oss));
  });
  afterAll(() => oss.close());

  test.each(['..', '../../etc/passwd', 'a/../b', './a', 'a\u0000b', 'a/./b', '%'])(
    'the key %j is stored',
    async (key) => {
      const put = await oss.send({
        method: 'PUT',
        path: presignedPath({ method: 'PUT', bucket, key }),
        headers: { 'content-length': '1' },
        body: 'x',
      });
      const got = await oss.send({ path: presignedPath({ bucket, key }) });
      const listed = await oss.send({
        path: presignedPath({
          bucket,
          query: [
            ['encoding-type', 'url'],
            ['prefix', key],
          ],
        }),
      });

      expect(put.status).toBe(200);
      expect(got.body.toString()).toBe('x');
      expect(listed.body.toString()).toContain(`<Key>${encodeURIComponent(key)}</Key>`);
    },
  );

  test.each([
    ['/absolute', 'The specified object is not valid.'],
    ['\\absolute', 'The specified object is not valid.'],
    ['k'.repeat(1024), 'The Length of Object name must be less than 1024.'],
  ])('the key %j is refused', async (key, message) => {
    const put = await oss.send({
      method: 'PUT',
      path: presignedPath({ method: 'PUT', bucket, key }),
      headers: { 'content-length': '1' },
      body: 'x',
    });

    expect(put.status).toBe(400);
    expect(put.body.toString()).toContain('<Code>InvalidObjectName</Code>');
    expect(put.body.toString()).toContain(message);
  });
});
