import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { createOssClient, type OssClientOptions } from '../../../shared/oss/client.ts';
import { manualClock, systemClock } from '../../../shared/runtime/clock.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { writeXml } from '../../../shared/runtime/xml.ts';
import {
  type Script,
  type ScriptedAnswer,
  type ScriptedServer,
  startScriptedServer,
} from '../../support/scripted-server.ts';

const SECRET = 'never-to-be-seen';
const HEAD = {
  'content-length': '5',
  etag: '"5D41402ABC4B2A76B9719D911017C592"',
  'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
  'content-type': 'image/jpeg',
};
const STORED = { status: 200, headers: { etag: HEAD.etag, 'x-oss-request-id': '5F' } };

describe('createOssClient', () => {
  const servers: ScriptedServer[] = [];
  const prepare = async (script: Script, options: Partial<OssClientOptions> = {}) => {
    const server = await startScriptedServer(script);
    servers.push(server);
    const client = createOssClient({
      endpoint: server.url,
      region: 'cn-hangzhou',
      credentials: async () => ({ accessKeyId: 'ak', accessKeySecret: SECRET }),
      clock: systemClock,
      random: () => 0,
      timeoutMs: 10_000,
      attempts: 3,
      ...options,
    });
    return { server, client, store: client.bucket('bucket') };
  };

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  describe('retries', () => {
    test('the OSS client repeats a request that failed temporarily, with the same body', async () => {
      const { server, store } = await prepare((_request, index) =>
        index < 2 ? refusal(500, 'InternalError') : STORED,
      );

      const { etag } = await store.put('k', Buffer.from('hello'));

      expect(etag).toBe('5D41402ABC4B2A76B9719D911017C592');
      expect(server.requests.map((request) => request.body.toString())).toEqual(['hello', 'hello', 'hello']);
    });

    test('the OSS client repeats a request after a broken connection and after silence', async () => {
      const { server, store } = await prepare(
        (_request, index) => (index === 0 ? 'break' : index === 1 ? 'hang' : { headers: HEAD }),
        { timeoutMs: 1000 },
      );

      const head = await store.head('k');

      expect(head?.size).toBe(5);
      expect(server.requests).toHaveLength(3);
    });

    test('the OSS client repeats a request no more often than its attempts allow', async () => {
      const { server, store } = await prepare(() => refusal(503, 'ServiceUnavailable'));

      const put = store.put('k', Buffer.from('hello'));

      await expect(put).rejects.toMatchObject({ code: 'ServiceUnavailable' });
      expect(server.requests).toHaveLength(3);
    });

    test('the OSS client does not repeat a request that will fail again', async () => {
      const { server, store } = await prepare(() => refusal(403, 'AccessDenied'));

      await expect(store.get('k')).rejects.toMatchObject({ code: 'AccessDenied' });

      expect(server.requests).toHaveLength(1);
    });

    test('the OSS client does not repeat a stream that has been read', async () => {
      const { server, store } = await prepare(() => refusal(500, 'InternalError'));
      const body = Readable.from([Buffer.from('hello')], { objectMode: false });

      await expect(store.put('k', body)).rejects.toMatchObject({ code: 'ServiceUnavailable' });

      expect(server.requests).toHaveLength(1);
      expect(body.destroyed).toBe(true);
    });

    test('the OSS client waits as long as the service says, by its clock', async () => {
      const clock = manualClock();
      const { server, store } = await prepare(
        (_request, index) =>
          index === 0
            ? { ...refusal(503, 'TotalQpsLimitExceeded'), headers: { 'retry-after': '7' } }
            : { headers: HEAD },
        { clock },
      );

      const get = store.head('k');
      await until(() => clock.pending() === 1);
      await clock.advance(6999);
      const before = server.requests.length;
      await clock.advance(1);

      await expect(get).resolves.toMatchObject({ size: 5 });
      expect(before).toBe(1);
    });

    test('the OSS client sends nothing more after it was aborted while it waited', async () => {
      const clock = manualClock();
      const controller = new AbortController();
      const { store } = await prepare(() => refusal(500, 'InternalError'), { clock, random: () => 0.9 });

      const head = store.head('k', { signal: controller.signal });
      await until(() => clock.pending() === 1);
      controller.abort(new Error('shutting down'));

      await expect(head).rejects.toMatchObject({ code: 'Aborted' });
    });
  });

  describe('corrections', () => {
    test.each(['SecurityTokenExpired', 'InvalidSecurityToken'])(
      'the OSS client answers %s with new credentials',
      async (code) => {
        const asked: unknown[] = [];
        const { server, store } = await prepare(
          (request) =>
            request.headers['x-oss-security-token'] === 'new' ? { headers: HEAD } : headRefusal(403, code),
          {
            attempts: 1,
            async credentials(options) {
              asked.push(options?.refresh);
              return {
                accessKeyId: options?.refresh ? 'ak2' : 'ak1',
                accessKeySecret: SECRET,
                securityToken: options?.refresh ? 'new' : 'old',
              };
            },
          },
        );

        const head = await store.head('k');

        expect(head?.size).toBe(5);
        expect(asked).toEqual([false, true]);
        expect(server.requests[1]?.headers.authorization).toContain('Credential=ak2/');
      },
    );

    test('the OSS client fetches new credentials once per request', async () => {
      const { server, store } = await prepare(() => refusal(403, 'SecurityTokenExpired'), { attempts: 1 });

      await expect(store.get('k')).rejects.toMatchObject({ code: 'SecurityTokenExpired' });

      expect(server.requests).toHaveLength(2);
    });

    test('the OSS client follows the clock of the service for all later requests', async () => {
      const date = 'Fri, 02 Jan 2026 00:00:00 GMT';
      const { server, store } = await prepare(
        (request) =>
          request.headers['x-oss-date'] === '20260102T000000Z'
            ? { headers: HEAD }
            : { ...headRefusal(403, 'RequestTimeTooSkewed', { date }) },
        { clock: manualClock(), attempts: 1 },
      );

      await store.head('k');
      await store.head('k');

      expect(server.requests.map((request) => request.headers['x-oss-date'])).toEqual([
        '20260101T000000Z',
        '20260102T000000Z',
        '20260102T000000Z',
      ]);
    });

    test('the OSS client corrects its clock once per request', async () => {
      const { server, store } = await prepare(() => refusal(403, 'RequestTimeTooSkewed'), { attempts: 1 });

      await expect(store.get('k')).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });

      expect(server.requests).toHaveLength(2);
    });
  });

  describe('bodies', () => {
    test('a body of the OSS client that ends early is an error with both lengths', async () => {
      const { store } = await prepare((_request, _index, response) => {
        response.writeHead(200, { ...HEAD, 'content-length': '10' });
        response.write('hello', () => response.destroy());
        return 'answered';
      });

      const { body } = await store.get('k');

      await expect(buffer(body)).rejects.toMatchObject({
        code: 'BodyMismatch',
        kind: 'transient',
        details: { expected: 10, received: 5 },
      });
    });

    test('a body of the OSS client that falls silent is an error', async () => {
      const { store } = await prepare(
        (_request, _index, response) => {
          response.writeHead(200, { ...HEAD, 'content-length': '10' });
          response.write('hello');
          return 'answered';
        },
        { timeoutMs: 500 },
      );

      const { body } = await store.get('k');

      await expect(buffer(body)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    });

    test('a body of the OSS client that is destroyed frees its connection at once', async () => {
      let closed: Promise<unknown> | undefined;
      const { store } = await prepare(
        (_request, _index, response) => {
          closed = once(response, 'close');
          response.writeHead(200, { ...HEAD, 'content-length': '1000000' });
          response.write('hello');
          return 'answered';
        },
        { timeoutMs: 3_600_000 },
      );
      const { body } = await store.get('k');
      for await (const _chunk of body) break;

      await closed;

      expect(body.destroyed).toBe(true);
    });

    test('the OSS client sends a body in memory with its MD5, so that OSS rejects a damaged one', async () => {
      const { server, store } = await prepare((_request, index) =>
        index === 0 ? refusal(400, 'InvalidDigest') : STORED,
      );

      await store.put('k', Buffer.from('hello'));

      expect(server.requests.map((request) => request.headers['content-md5'])).toEqual([
        'XUFAKrxLKna5cZ2REBfFkg==',
        'XUFAKrxLKna5cZ2REBfFkg==',
      ]);
    });

    test('an answer without the headers that OSS always sends is an error of the OSS client', async () => {
      const { store } = await prepare(() => ({ status: 200, body: 'welcome to this network' }), {
        attempts: 1,
      });

      await expect(store.get('k')).rejects.toMatchObject({ code: 'ServiceUnavailable' });
      await expect(store.put('k', Buffer.from('x'))).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    });
  });

  describe('errors', () => {
    test.each([
      [404, 'NoSuchKey', 'NoSuchKey', 'permanent'],
      [404, 'NoSuchVersion', 'NoSuchKey', 'permanent'],
      [404, 'NoSuchBucket', 'NoSuchBucket', 'misconfigured'],
      [403, 'AccessDenied', 'AccessDenied', 'misconfigured'],
      [403, 'InvalidAccessKeyId', 'InvalidAccessKeyId', 'misconfigured'],
      [403, 'InvalidObjectState', 'ObjectArchived', 'permanent'],
      [409, 'FileAlreadyExists', 'ObjectAlreadyExists', 'permanent'],
      [412, 'PreconditionFailed', 'PreconditionFailed', 'permanent'],
      [416, 'InvalidRange', 'InvalidRequest', 'permanent'],
      [503, 'DownloadTrafficRateLimitExceeded', 'Throttled', 'throttled'],
      [500, 'SomethingNew', 'ServiceUnavailable', 'transient'],
      [400, 'RequestTimeout', 'ServiceUnavailable', 'transient'],
    ])('the OSS client turns %d %s into %s', async (status, ossCode, code, kind) => {
      const { store } = await prepare(() => refusal(status, ossCode), { attempts: 1 });

      await expect(store.get('dir/k')).rejects.toMatchObject({
        code,
        kind,
        details: {
          status,
          ossCode,
          requestId: '5F1A',
          ec: '0026-00000001',
          bucket: 'bucket',
          key: 'dir/k',
        },
      });
    });

    test.each([
      [404, 'NoSuchBucket', 'NoSuchBucket'],
      [403, 'AccessDenied', 'AccessDenied'],
    ])('the OSS client reads the error of a HEAD from a header: %d %s', async (status, ossCode, code) => {
      const { store } = await prepare(() => headRefusal(status, ossCode));

      await expect(store.head('k')).rejects.toMatchObject({ code, details: { ossCode, requestId: '5F1A' } });
    });

    test.each<[string, ScriptedAnswer]>([
      ['404 without a reason', { status: 404 }],
      ['405 for a deleted version', { status: 405, headers: { 'x-oss-delete-marker': 'true' } }],
    ])('the OSS client takes this HEAD for a missing object: %s', async (_what, answer) => {
      const { store } = await prepare(() => answer);

      await expect(store.head('k')).resolves.toBeUndefined();
    });

    test('an error of the OSS client names the endpoint that OSS expects', async () => {
      const body = writeXml('Error', { Code: 'AccessDenied', Endpoint: 'oss-cn-beijing.aliyuncs.com' });
      const { store } = await prepare(() => ({ status: 403, body }));

      await expect(store.get('k')).rejects.toThrow('Expected endpoint: oss-cn-beijing.aliyuncs.com');
    });

    test.each([
      ['a page of a proxy', 502, '<html><body>Bad <b>gateway</body>', 'ServiceUnavailable'],
      ['text', 503, 'try later', 'ServiceUnavailable'],
      ['nothing', 403, '', 'AccessDenied'],
    ])('the OSS client reports an error document that is %s', async (_what, status, body, code) => {
      const { store } = await prepare(() => ({ status, body }), { attempts: 1 });

      await expect(store.get('k')).rejects.toMatchObject({ code, details: { status } });
    });

    test('an error of the OSS client shows neither secret nor token nor signature', async () => {
      const leak = writeXml('Error', {
        Code: 'SignatureDoesNotMatch',
        Message: 'The request signature we calculated does not match.',
        SignatureProvided: 'wrong-signature',
        StringToSign: 'x-oss-security-token:sts-token',
      });
      const { server, store } = await prepare(() => ({ status: 403, body: leak }), {
        credentials: async () => ({
          accessKeyId: 'ak',
          accessKeySecret: SECRET,
          securityToken: 'sts-token',
        }),
      });

      const error = await store.get('k').catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(AppError);
      const { message, stack, details, cause } = error as AppError;
      const shown = JSON.stringify({ message, stack, details, cause });
      const signature = server.requests[0]!.headers.authorization!.split('Signature=')[1]!;
      for (const hidden of [SECRET, 'sts-token', 'wrong-signature', signature])
        expect(shown).not.toContain(hidden);
    });
  });

  describe('listings', () => {
    const page = (keys: string[], next?: string) =>
      writeXml('ListBucketResult', {
        IsTruncated: next !== undefined,
        NextContinuationToken: next,
        Contents: keys.map((Key) => ({
          Key,
          Size: 5,
          ETag: '"5d41"',
          LastModified: '2026-01-01T00:00:00.000Z',
        })),
      });

    test('a listing of the OSS client requests pages as they are consumed', async () => {
      const { server, store } = await prepare((_request, index) => ({
        body: index === 0 ? page(['a%20b', 'c%2Bd'], 'next+/=') : page(['e']),
      }));
      const listing = store.list({ prefix: 'p&', after: 'p&0' })[Symbol.asyncIterator]();

      const first = await listing.next();
      await listing.next();
      const askedForFirstPage = server.requests.length;
      await listing.next();
      const end = await listing.next();

      expect(first.value).toEqual({
        key: 'a b',
        size: 5,
        etag: '5D41',
        lastModified: Date.UTC(2026, 0, 1),
      });
      expect(askedForFirstPage).toBe(1);
      expect(end.done).toBe(true);
      expect(server.requests[1]?.target).toBe(
        '/bucket/?continuation-token=next%2B%2F%3D&encoding-type=url&list-type=2&max-keys=1000&prefix=p%26&start-after=p%260',
      );
    });

    test.each([
      ['another document', '<ListAllMyBucketsResult/>'],
      ['an entry without a key', '<ListBucketResult><Contents/></ListBucketResult>'],
      ['more pages but no token', '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>'],
    ])('a listing of the OSS client rejects %s', async (_what, body) => {
      const { store } = await prepare(() => ({ body }));

      const listing = store.list()[Symbol.asyncIterator]().next();

      await expect(listing).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    });
  });
});

function refusal(status: number, code: string): ScriptedAnswer {
  const headers = { 'x-oss-request-id': '5F1A', 'x-oss-ec': '0026-00000001' };
  return { status, headers, body: writeXml('Error', { Code: code, Message: 'm', RequestId: '5F1A' }) };
}

function headRefusal(status: number, code: string, headers: Record<string, string> = {}): ScriptedAnswer {
  const body = Buffer.from(writeXml('Error', { Code: code, Message: 'm' })).toString('base64');
  return { status, headers: { 'x-oss-request-id': '5F1A', 'x-oss-err': body, ...headers } };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
