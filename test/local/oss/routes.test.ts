import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationOf } from '../../../local/oss/index.ts';
import { ROUTES } from '../../../local/oss/routes.ts';
import { openBucket, presignedPath, startOss, type TestOss } from './support.ts';

function message(method: string, url: string, headers: Record<string, string> = {}): IncomingMessage {
  return { method, url, headers: { host: 'localhost', ...headers } } as unknown as IncomingMessage;
}

describe('operationOf', () => {
  it.each([
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
  ])('%s %s is %s', (method, url, operation) => {
    expect(operationOf(message(method, url))).toBe(operation);
  });

  it('tells a copy from an upload by its header', () => {
    const headers = { 'x-oss-copy-source': '/bucket/b' };

    expect(operationOf(message('PUT', '/bucket/a', headers))).toBe('CopyObject');
    expect(operationOf(message('PUT', '/bucket/a?partNumber=1&uploadId=x', headers))).toBe('UploadPartCopy');
  });
});

describe('the table of operations', () => {
  it('names no two rows alike that one request fits', () => {
    const plain = ROUTES.filter(({ when }) => !when);
    const rows = plain.map(({ level, method, query }) => `${level} ${method} ${[...query].sort().join('&')}`);

    expect(new Set(rows).size).toBe(rows.length);
  });

  it('names the action of every operation that policies can allow', () => {
    const without = ROUTES.filter(({ action }) => !/^oss:[A-Z][A-Za-z]+$/.test(action));

    expect(new Set(without.map(({ operation }) => operation))).toEqual(new Set(['OptionObject']));
  });
});

describe('what is not served', () => {
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

  it.each([
    ['GET', 'replication', undefined],
    ['PUT', 'worm', undefined],
    ['GET', 'live', 'a'],
    ['PUT', 'x-oss-ac-source-ip', 'a'],
    ['GET', 'x-oss-unheard-of', 'a'],
    ['PUT', 'newer-than-us', undefined],
    ['DELETE', 'newer-than-us', undefined],
    ['DELETE', 'newer-than-us', 'a'],
    ['POST', 'newer-than-us', 'a'],
  ])('%s ?%s is refused, not ignored', async (method, name, key) => {
    const response = await send(method, name, key);

    expect(response.status).toBe(400);
    expect(response.body.toString()).toContain('<Code>NotImplemented</Code>');
    expect(response.body.toString()).toContain(`<Header>?${name}</Header>`);
  });

  it('but a parameter without meaning may come with a read', async () => {
    const response = await send('GET', 'cache-buster');

    expect(response.status).toBe(200);
  });

  it('a third kind of listing', async () => {
    const response = await oss.send({ path: presignedPath({ bucket, query: [['list-type', '3']] }) });

    expect(response.body.toString()).toContain('<ArgumentName>list-type</ArgumentName>');
  });

  it('a method that a sub-resource does not have', async () => {
    const response = await send('POST', 'acl', 'a');

    expect(response.status).toBe(405);
    expect(response.headers.allow).toBe('PUT, GET');
    expect(response.body.toString()).toContain('<Method>POST</Method>');
  });

  it('headers that would change what is stored', async () => {
    const headers = { 'x-oss-server-side-encryption-customer-algorithm': 'AES256' };
    const path = presignedPath({ method: 'PUT', bucket, key: 'a', headers });

    const response = await oss.send({ method: 'PUT', path, headers: { ...headers, 'content-length': '0' } });

    expect(response.body.toString()).toContain('<Code>NotImplemented</Code>');
  });
});
