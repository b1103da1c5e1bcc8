import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operationOf } from '../../../local/oss/find-route.ts';
import { ROUTES } from '../../../local/oss/routes.ts';
import { openBucket, presignedPath, startOss, type TestOss } from './support.ts';

function message(method: string, url: string, headers: Record<string, string> = {}): IncomingMessage {
  return { method, url, headers: { host: 'localhost', ...headers } } as unknown as IncomingMessage;
}

describe('operationOf', () => {
  test.each([
    ['GET', '/', 'ListBuckets'],
    ['PUT', '/bucket', 'PutBucket'],
    ['GET', '/bucket?prefix=a', 'ListObjects'],
    ['GET', '/bucket/?list-type=2&continuation-token=YQ==', 'ListObjectsV2'],
    ['GET', '/bucket?acl=', 'GetBucketAcl'],
    ['POST', '/bucket?delete', 'DeleteMultipleObjects'],
    ['PUT', '/bucket/a', 'PutObject'],
    ['PUT', '/bucket/a?partNumber=1&uploadId=x', 'UploadPart'],
    ['POST', '/bucket/a?uploads', 'InitiateMultipartUpload'],
    ['GET', '/bucket/a?x-oss-process=image/info', 'GetObject'],
    ['POST', '/bucket/a?x-oss-process', 'ProcessObject'],
    ['GET', '/bucket/a?versionId=x&response-content-type=y&OSSAccessKeyId=z', 'GetObject'],
    ['PATCH', '/bucket/a', 'Unknown'],
    ['GET', '/bucket/%ff', 'Unknown'],
  ])('%s %s is the operation %s', (method, url, operation) => {
    expect(operationOf(message(method, url))).toBe(operation);
  });

  test('a copy is recognized by its header', () => {
    const headers = { 'x-oss-copy-source': '/bucket/b' };

    expect(operationOf(message('PUT', '/bucket/a', headers))).toBe('CopyObject');
    expect(operationOf(message('PUT', '/bucket/a?partNumber=1&uploadId=x', headers))).toBe('UploadPartCopy');
  });
});

describe('the route table of OSS', () => {
  test('no two rows fit the same request', () => {
    const plain = ROUTES.filter(({ when }) => !when);
    const rows = plain.map(({ level, method, query }) => `${level} ${method} ${[...query].sort().join('&')}`);

    expect(new Set(rows).size).toBe(rows.length);
  });

  test('every operation that a policy can allow has an action', () => {
    const without = ROUTES.filter(({ action }) => !/^oss:[A-Z][A-Za-z]+$/.test(action));

    expect(new Set(without.map(({ operation }) => operation))).toEqual(new Set(['OptionObject']));
  });
});

describe('requests that OSS does not support', () => {
  let oss: TestOss;
  let bucket: string;

  beforeAll(async () => {
    oss = await startOss();
    ({ bucket } = await openBucket(oss));
  });
  afterAll(() => oss.close());

  const send = (method: string, name: string, key?: string) =>
    oss.send({
      method,
      path: presignedPath({ method, bucket, key, query: [[name, '']] }),
    });

  test.each([
    ['GET', 'replication', undefined],
    ['PUT', 'worm', undefined],
    ['GET', 'live', 'a'],
    ['PUT', 'x-oss-ac-source-ip', 'a'],
    ['GET', 'x-oss-unheard-of', 'a'],
    ['PUT', 'newer-than-us', undefined],
    ['DELETE', 'newer-than-us', undefined],
    ['DELETE', 'newer-than-us', 'a'],
    ['POST', 'newer-than-us', 'a'],
  ])('%s with ?%s is refused, not ignored', async (method, name, key) => {
    const response = await send(method, name, key);

    expect(response.status).toBe(400);
    expect(response.body.toString()).toContain('<Code>NotImplemented</Code>');
    expect(response.body.toString()).toContain(`<Header>?${name}</Header>`);
  });

  test('an unknown parameter is allowed in a read', async () => {
    const response = await send('GET', 'cache-buster');

    expect(response.status).toBe(200);
  });

  test('an unknown version of the listing is refused', async () => {
    const response = await oss.send({ path: presignedPath({ bucket, query: [['list-type', '3']] }) });

    expect(response.body.toString()).toContain('<ArgumentName>list-type</ArgumentName>');
  });

  test('a method that a sub-resource does not have is refused', async () => {
    const response = await send('POST', 'acl', 'a');

    expect(response.status).toBe(405);
    expect(response.headers.allow).toBe('PUT, GET');
    expect(response.body.toString()).toContain('<Method>POST</Method>');
  });

  test('headers that would change the stored bytes are refused', async () => {
    const headers = { 'x-oss-server-side-encryption-customer-algorithm': 'AES256' };
    const path = presignedPath({ method: 'PUT', bucket, key: 'a', headers });

    const response = await oss.send({ method: 'PUT', path, headers: { ...headers, 'content-length': '0' } });

    expect(response.body.toString()).toContain('<Code>NotImplemented</Code>');
  });
});
