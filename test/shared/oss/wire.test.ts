import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createOssClient, type OssClientOptions } from '../../../shared/oss/client.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import type { HttpClient } from '../../../shared/runtime/http.ts';
import { createLogger } from '../../../shared/runtime/log.ts';
import { writeXml } from '../../../shared/runtime/xml.ts';
import { type Script, type ScriptedAnswer, startScriptedServer } from '../../support/scripted-server.ts';

const HEAD = {
  'content-length': '5',
  etag: '"5d41402abc4b2a76b9719d911017c592"',
  'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
  'content-type': 'image/jpeg',
};
const STORED = { headers: { etag: '"abc"', 'x-oss-request-id': '5F', 'x-oss-version-id': 'V1' } };

/** A client of a scripted server, and one of its buckets. */
async function prepare(script: Script, options: Partial<OssClientOptions> = {}) {
  const server = await startScriptedServer(script);
  const client = createOssClient({
    endpoint: server.url,
    region: 'cn-hangzhou',
    credentials: async () => ({ accessKeyId: 'ak', accessKeySecret: 'sk' }),
    clock: manualClock(),
    random: () => 0,
    timeoutMs: 10_000,
    attempts: 1,
    ...options,
  });
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  return { server, client, store: client.bucket('photos') };
}

function errorAnswer(status: number, fields: Record<string, string>, headers = {}): ScriptedAnswer {
  return { status, headers, body: writeXml('Error', fields) };
}

/** The error of a GET of photos/dir/k. */
async function errorOf(answer: ScriptedAnswer) {
  const { store } = await prepare(() => answer);
  return store.get('dir/k').then(
    () => expect.unreachable(),
    (error: unknown) => error as Error & { details: Record<string, unknown>; retryAfterMs?: number },
  );
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('head', () => {
  test('a HEAD request returns everything that the headers say', async () => {
    const { server, store } = await prepare(() => ({
      headers: { ...HEAD, 'x-oss-version-id': 'V1', 'x-oss-meta-source-key': 'a', 'x-oss-other': 'b' },
    }));

    const head = await store.head('dir/k', { versionId: 'V1' });

    expect(head).toEqual({
      key: 'dir/k',
      size: 5,
      etag: '5D41402ABC4B2A76B9719D911017C592',
      lastModified: Date.UTC(2026, 0, 1),
      contentType: 'image/jpeg',
      versionId: 'V1',
      metadata: { 'source-key': 'a' },
    });
    expect(server.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'HEAD /photos/dir/k?versionId=V1',
    ]);
  });

  test('a HEAD request without version names none, and an absent content type is binary', async () => {
    const { 'content-type': _, ...headers } = HEAD;
    const { server, store } = await prepare(() => ({ headers }));

    const head = await store.head('k');

    expect(head).toMatchObject({ contentType: 'application/octet-stream', metadata: {} });
    expect(head?.versionId).toBeUndefined();
    expect(server.requests[0]!.target).toBe('/photos/k');
  });

  test('an error other than a missing object is thrown', async () => {
    const { store } = await prepare(() => ({ status: 403 }));

    await expect(store.head('k')).rejects.toMatchObject({ code: 'AccessDenied' });
  });

  test.each(['content-length', 'last-modified', 'etag'])(
    'an answer without the header %s is not from OSS',
    async (name) => {
      const { [name as 'etag']: _, ...headers } = { ...HEAD, 'x-oss-request-id': '5F' };
      const { store } = await prepare((_request, _index, response) => {
        response.sendDate = false;
        response
          .writeHead(200, { ...headers, ...(name === 'content-length' && { connection: 'close' }) })
          .end();
        return 'answered';
      });

      await expect(store.head('k')).rejects.toMatchObject({
        code: 'ServiceUnavailable',
        message: `the answer has no ${name} header`,
        details: { requestId: '5F' },
      });
    },
  );
});

describe('get', () => {
  test('a GET request returns the body and asks for no range', async () => {
    const { server, store } = await prepare(() => ({ headers: HEAD, body: 'hello' }));

    const { body } = await store.get('k', { versionId: 'V2' });

    expect((await buffer(body)).toString()).toBe('hello');
    expect(server.requests[0]).toMatchObject({ method: 'GET', target: '/photos/k?versionId=V2' });
    expect(server.requests[0]!.headers).not.toHaveProperty('range');
    expect(server.requests[0]!.headers).not.toHaveProperty('x-oss-range-behavior');
  });

  test.each([
    [{ start: 1, end: 3 }, 'bytes=1-3'],
    [{ start: 0 }, 'bytes=0-'],
    [{ start: 2, end: 2 }, 'bytes=2-2'],
  ])('the range %j is sent as %s, with the standard behaviour', async (range, header) => {
    const headers = { ...HEAD, 'content-length': '3', 'content-range': 'bytes 1-3/5' };
    const { server, store } = await prepare(() => ({ status: 206, headers, body: 'ell' }));

    const { head, body } = await store.get('k', { range });
    await buffer(body);

    expect(server.requests[0]!.headers).toMatchObject({ range: header, 'x-oss-range-behavior': 'standard' });
    expect(head.size).toBe(5);
  });

  test.each([
    { start: -1 },
    { start: 0.5 },
    { start: 3, end: 2 },
    { start: 0, end: 1.5 },
    { start: Number.NaN },
  ])('the range %j is invalid', async (range) => {
    const { server, store } = await prepare(() => ({ headers: HEAD }));

    await expect(store.get('k', { range })).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: expect.stringContaining(`${range.start}-${range.end}`),
    });
    expect(server.requests).toEqual([]);
  });

  test.each(['hell', 'hello!'])('the body %s is an error after 5 announced bytes', async (text) => {
    const body = Readable.from([Buffer.from(text)], { objectMode: false });
    const http: HttpClient = { send: async () => ({ status: 200, headers: HEAD, body }), close() {} };
    const { store } = await prepare(() => STORED, { http });

    const read = await store.get('k');

    await expect(buffer(read.body)).rejects.toMatchObject({
      code: 'BodyMismatch',
      details: { expected: 5, received: text.length },
    });
  });

  test('a signal that fires while a body is read stops the reading', async () => {
    const controller = new AbortController();
    const { store } = await prepare((_request, _index, response) => {
      response.writeHead(200, { ...HEAD, 'content-length': '10' }).write('hello');
      return 'answered';
    });
    const { body } = await store.get('k', { signal: controller.signal });

    const reading = buffer(body);
    controller.abort();

    await expect(reading).rejects.toMatchObject({ code: 'Aborted', message: 'get of photos/k: stopped' });
  });

  test('a connection that breaks in a body is named with both lengths', async () => {
    const { store } = await prepare((_request, _index, response) => {
      response.writeHead(200, { ...HEAD, 'content-length': '10' });
      response.write('hello', () => response.destroy());
      return 'answered';
    });
    const { body } = await store.get('k');

    await expect(buffer(body)).rejects.toMatchObject({
      message: expect.stringMatching(/^get of photos\/k: expected 10 bytes.* 5/),
      cause: expect.anything(),
    });
  });
});

describe('put', () => {
  test('a PUT request sends content type, digest, metadata and length', async () => {
    const { server, store } = await prepare(() => STORED);

    const result = await store.put('dir/é', Buffer.from('hello'), {
      contentType: ' text/plain ',
      metadata: { 'source-key': ' a ', b: 'c' },
      forbidOverwrite: true,
    });

    expect(result).toEqual({ etag: 'ABC', requestId: '5F', versionId: 'V1' });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'PUT', target: '/photos/dir/%C3%A9' });
    expect(request!.body.toString()).toBe('hello');
    expect(request!.headers).toMatchObject({
      'content-type': 'text/plain',
      'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==',
      'content-length': '5',
      'x-oss-forbid-overwrite': 'true',
      'x-oss-meta-source-key': 'a',
      'x-oss-meta-b': 'c',
      'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
    });
  });

  test('a stream is sent without digest and length, as binary, and may overwrite', async () => {
    const { server, store } = await prepare(() => ({ headers: { etag: '"abc"' } }));

    const result = await store.put('k', Readable.from([Buffer.from('hello')], { objectMode: false }));

    expect(result.requestId).toBe('');
    const { headers, body } = server.requests[0]!;
    expect(body.toString()).toBe('hello');
    expect(headers['content-type']).toBe('application/octet-stream');
    for (const name of ['content-md5', 'content-length', 'x-oss-forbid-overwrite', 'x-oss-security-token'])
      expect(headers).not.toHaveProperty(name);
  });

  test.each([
    ['a content type with a line break', { contentType: 'text/plain\r\nx: y' }, 'control character'],
    ['a metadata name in capitals', { metadata: { Name: 'x' } }, 'name "Name"'],
    ['a metadata name with a hyphen first', { metadata: { '-a': 'x' } }, 'name "-a"'],
    ['a metadata name with a bad end', { metadata: { a_: 'x' } }, 'name "a_"'],
    ['a metadata value with a line break', { metadata: { a: 'x\ny' } }, 'value of "a"'],
    ['too much metadata', { metadata: { a: 'x'.repeat(8192) } }, '8193 bytes'],
  ])('%s is rejected before a request', async (_what, options, message) => {
    const { server, store } = await prepare(() => STORED);

    await expect(store.put('k', Buffer.from('x'), options)).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: expect.stringContaining(message),
    });
    expect(server.requests).toEqual([]);
  });

  test('metadata of 8192 bytes is sent', async () => {
    const { store } = await prepare(() => STORED);

    await expect(
      store.put('k', Buffer.from('x'), { metadata: { a: 'x'.repeat(8000), b: 'y'.repeat(190) } }),
    ).resolves.toMatchObject({ etag: 'ABC' });
  });
});

describe('key', () => {
  test.each([
    ['an empty key', '', 'has 0'],
    ['a key of 1024 bytes', 'é'.repeat(512), 'has 1024'],
    ['a key with a slash first', '/a', 'slash'],
    ['a key with a backslash first', '\\a', 'backslash'],
    ['a key with half a character', 'a\ud800b', 'surrogate'],
  ])('%s is rejected before a request', async (_what, key, message) => {
    const { server, store } = await prepare(() => STORED);

    await expect(store.get(key)).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: expect.stringMatching(new RegExp(`^object key .*${message}`)),
    });
    expect(server.requests).toEqual([]);
  });

  test.each(['a/\\b', 'é'.repeat(511), 'a'.repeat(1023), '😀'])('the key %s is valid', async (key) => {
    const { server, store } = await prepare(() => STORED);

    await store.put(key, Buffer.from('x'));

    expect(decodeURIComponent(server.requests[0]!.target)).toBe(`/photos/${key}`);
  });
});

describe('delete', () => {
  test('a DELETE request is sent for an object', async () => {
    const { server, store } = await prepare(() => ({ status: 204 }));

    await store.delete('dir/k');

    expect(server.requests[0]).toMatchObject({ method: 'DELETE', target: '/photos/dir/k' });
  });

  test('deleting a missing object succeeds, and in a missing bucket fails', async () => {
    const answers = ['NoSuchKey', 'NoSuchBucket'].map((Code) => errorAnswer(404, { Code }));
    const { store } = await prepare((_request, index) => answers[index]!);

    await expect(store.delete('k')).resolves.toBeUndefined();
    await expect(store.delete('k')).rejects.toMatchObject({ code: 'NoSuchBucket' });
  });
});

describe('list', () => {
  const page = (fields: Record<string, unknown>) => ({ body: writeXml('ListBucketResult', fields as never) });

  test('a listing without options asks for a full page and nothing else', async () => {
    const { server, store } = await prepare(() => page({ IsTruncated: false }));

    expect(await all(store.list())).toEqual([]);
    expect(server.requests[0]).toMatchObject({
      method: 'GET',
      target: '/photos/?encoding-type=url&list-type=2&max-keys=1000',
    });
  });

  test('the size of a page is configurable', async () => {
    const { server, store } = await prepare(() => page({ IsTruncated: false }), { listPageSize: 7 });

    await all(store.list());

    expect(server.requests[0]!.target).toContain('max-keys=7');
  });

  test.each([
    ['a <ListAllMyBucketsResult>', '<ListAllMyBucketsResult/>'],
    ['a <Contents> without <Key>', '<ListBucketResult><Contents/></ListBucketResult>'],
    ['a <Contents> without <Size>', '<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>'],
    [
      'a <Contents> without <Key>',
      '<ListBucketResult><Contents><Key></Key><Size>1</Size></Contents></ListBucketResult>',
    ],
    [
      'a <ListBucketResult> without <NextContinuationToken>',
      '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>',
    ],
  ])('an answer with %s is an error that names it', async (what, body) => {
    const { store } = await prepare(() => ({ body }));

    await expect(all(store.list())).rejects.toMatchObject({
      code: 'ServiceUnavailable',
      message: `list of photos: the answer is ${what}`,
      details: { bucket: 'photos' },
    });
  });

  test('a listing whose signal has fired sends no request', async () => {
    const { server, store } = await prepare(() => page({ IsTruncated: false }));

    const listing = all(store.list({ signal: AbortSignal.abort() }));

    await expect(listing).rejects.toMatchObject({ code: 'Aborted' });
    expect(server.requests).toEqual([]);
  });
});

describe('error', () => {
  test.each([
    [401, {}, 'AccessDenied'],
    [404, {}, 'NoSuchKey'],
    [404, { Code: 'SomethingNew' }, 'InvalidRequest'],
    [400, {}, 'InvalidRequest'],
    [412, {}, 'PreconditionFailed'],
    [429, {}, 'Throttled'],
    [500, {}, 'ServiceUnavailable'],
    [404, { Code: 'SymlinkTargetNotExist' }, 'NoSuchKey'],
    [400, { Code: 'InvalidDigest' }, 'BodyMismatch'],
  ])('an answer with status %d and the fields %j has the code %s', async (status, fields, code) => {
    expect(await errorOf(errorAnswer(status, fields))).toMatchObject({ code });
  });

  test.each([
    ['AccessDenied', 'AccessDenied'],
    ['SignatureDoesNotMatch', 'SignatureDoesNotMatch'],
    ['PreconditionFailed', 'PreconditionFailed'],
    ['InternalError', 'ServiceUnavailable'],
    ['ServiceUnavailable', 'ServiceUnavailable'],
    ['DownloadTrafficRateLimitExceeded', 'Throttled'],
    ['UploadTrafficRateLimitExceeded', 'Throttled'],
    ['MetaOperationQpsLimitExceeded', 'Throttled'],
    ['TotalQpsLimitExceeded', 'Throttled'],
    ['QpsLimitExceeded', 'Throttled'],
  ])('the code %s of OSS means %s, whatever the status', async (Code, code) => {
    expect(await errorOf(errorAnswer(400, { Code }))).toMatchObject({ code });
  });

  test('the message contains request, status, code, text and request id', async () => {
    const error = await errorOf(errorAnswer(403, { Code: 'AccessDenied', Message: 'no', RequestId: '5F' }));

    expect(error.message).toBe('GET photos/dir/k failed with 403 AccessDenied: no (request 5F)');
    expect(error.details.requestId).toBe('5F');
  });

  test('the message of an empty answer says that there is no reason', async () => {
    const error = await errorOf({ status: 400 });

    expect(error.message).toBe('GET photos/dir/k failed with 400 no reason given (request without id)');
  });

  test('empty fields and white space before the document do not matter', async () => {
    const body = ' \n<Error><Code>NoSuchKey</Code><Message></Message><EC></EC></Error>';

    const error = await errorOf({ status: 404, body });

    expect(error.message).toBe('GET photos/dir/k failed with 404 NoSuchKey (request without id)');
    expect(error.details.ec).toBeUndefined();
  });

  test('an XML document of another root gives no reason', async () => {
    const error = await errorOf({ status: 404, body: '<Oops><Code>NoSuchBucket</Code></Oops>' });

    expect(error).toMatchObject({ code: 'NoSuchKey' });
  });

  test('text that ends like XML gives no reason', async () => {
    expect(await errorOf({ status: 502, body: 'Bad gateway >' })).toMatchObject({
      code: 'ServiceUnavailable',
    });
  });

  test.each([
    ['7', 7000],
    ['0', 0],
    ['-1', undefined],
    ['soon', undefined],
    [undefined, undefined],
  ])('the retry-after header %s asks for a delay of %s ms', async (value, retryAfterMs) => {
    const error = await errorOf({
      status: 503,
      headers: value === undefined ? {} : { 'retry-after': value },
    });

    expect(error.retryAfterMs).toBe(retryAfterMs);
  });

  test('the date of the service is kept only when the clock of the request was wrong', async () => {
    const date = 'Fri, 02 Jan 2026 00:00:00 GMT';

    const wrong = await errorOf(errorAnswer(403, { Code: 'RequestTimeTooSkewed' }, { date }));
    const other = await errorOf(errorAnswer(403, { Code: 'AccessDenied' }, { date }));

    expect([wrong.details.serverDate, other.details.serverDate]).toEqual([date, undefined]);
  });
});

describe('retry', () => {
  test('every attempt after the first waits for twice the time, up to five seconds', async () => {
    const clock = manualClock();
    const waits: number[] = [];
    const sleep: typeof clock.sleep = async (ms) => void waits.push(ms);
    const { store } = await prepare(() => ({ status: 500 }), {
      clock: { ...clock, sleep },
      random: () => 1,
      attempts: 8,
    });

    await expect(store.get('k')).rejects.toMatchObject({ code: 'ServiceUnavailable' });

    expect(waits).toEqual([200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  test('a repeated request after a corrected signature is logged with its reason', async () => {
    const lines: string[] = [];
    const { store } = await prepare(
      (_request, index) =>
        index === 0 ? errorAnswer(403, { Code: 'SecurityTokenExpired' }) : { headers: HEAD, body: 'hello' },
      { logger: createLogger({ write: (line) => lines.push(line) }) },
    );

    await store.get('dir/k');

    expect(JSON.parse(lines[0]!)).toMatchObject({
      bucket: 'photos',
      key: 'dir/k',
      msg: 'OSS request repeated',
    });
  });

  test('an aborted request names itself', async () => {
    const { store } = await prepare(() => STORED);

    const put = store.put('dir/k', Buffer.from('x'), { signal: AbortSignal.abort() });

    await expect(put).rejects.toMatchObject({ code: 'Aborted', message: 'PUT of photos/dir/k: stopped' });
  });
});

describe('client', () => {
  test('a bucket is created with a PUT request, in its own region if one is given', async () => {
    const { server, client } = await prepare(() => ({ status: 200 }));

    await client.createBucket('results');
    await client.createBucket('results', 'cn-beijing');

    expect(server.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'PUT /results/',
      'PUT /results/',
    ]);
    const regions = server.requests.map(({ headers }) => headers.authorization!.split('/')[2]);
    expect(regions).toEqual(['cn-hangzhou', 'cn-beijing']);
  });

  test('a presigned URL names bucket, key, expiry and signature, and sends nothing', async () => {
    const { server, client } = await prepare(() => STORED);

    const url = new URL(
      await client.presign({ method: 'GET', bucket: 'photos', key: 'dir/é', expiresSeconds: 900 }),
    );

    expect(`${url.origin}${url.pathname}`).toBe(`${server.url}/photos/dir/%C3%A9`);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      'x-oss-expires': '900',
      'x-oss-credential': expect.stringContaining('ak/20260101/cn-hangzhou/oss'),
      'x-oss-date': '20260101T000000Z',
      'x-oss-signature': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(server.requests).toEqual([]);
  });

  test('a presigned URL signs the content type, and another region on request', async () => {
    const { client } = await prepare(() => STORED);
    const request = { method: 'PUT', bucket: 'photos', key: 'k', expiresSeconds: 60 } as const;
    const signatureOf = async (more: object) =>
      new URL(await client.presign({ ...request, ...more })).searchParams.get('x-oss-signature');

    const signatures = await Promise.all(
      [{}, { contentType: 'image/jpeg' }, { region: 'cn-beijing' }].map(signatureOf),
    );

    expect(new Set(signatures).size).toBe(3);
  });

  test('a presigned URL needs a valid key', async () => {
    const { client } = await prepare(() => STORED);

    const url = client.presign({ method: 'GET', bucket: 'photos', key: '/a', expiresSeconds: 60 });

    await expect(url).rejects.toMatchObject({ code: 'InvalidRequest' });
  });

  test('a closed client closes its own connections', async () => {
    let closed: Promise<unknown> | undefined;
    const { client } = await prepare((_request, _index, response) => {
      closed = once(response.socket!, 'close');
      return { status: 200 };
    });
    await client.createBucket('results');

    client.close();

    await closed;
  });

  test('a closed client leaves shared connections open', async () => {
    let closed = false;
    const http: HttpClient = { send: async () => expect.unreachable(), close: () => (closed = true) };
    const { client } = await prepare(() => STORED, { http });

    client.close();

    expect(closed).toBe(false);
  });
});

describe('streams', () => {
  const stream = () => Readable.from([Buffer.from('hello')], { objectMode: false });

  test('a stream that has been read is not sent again with new credentials', async () => {
    const { server, store } = await prepare(() => errorAnswer(403, { Code: 'SecurityTokenExpired' }));

    await expect(store.put('k', stream())).rejects.toMatchObject({ code: 'SecurityTokenExpired' });

    expect(server.requests).toHaveLength(1);
  });

  test('a stream is destroyed when no request could be signed', async () => {
    const body = stream();
    const credentials = async () => Promise.reject(new Error('no role'));
    const { store } = await prepare(() => STORED, { credentials });

    await expect(store.put('k', body)).rejects.toThrow('no role');

    expect(body.destroyed).toBe(true);
  });

  test('an empty body in memory is sent with its length', async () => {
    const { server, store } = await prepare(() => STORED);

    await store.put('k', Buffer.alloc(0));

    expect(server.requests[0]!.headers['content-length']).toBe('0');
  });
});

describe('answers about a bucket', () => {
  test.each([300, 304])(
    'an answer with status %d is an error that names the bucket alone',
    async (status) => {
      const { store } = await prepare(() => ({ status }));

      await expect(all(store.list())).rejects.toThrow(`GET photos failed with ${status} no reason given`);
    },
  );

  test('an aborted listing names the bucket', async () => {
    const { store } = await prepare(() => STORED);

    const listing = all(store.list({ signal: AbortSignal.abort() }));

    await expect(listing).rejects.toThrow('GET of photos/: stopped');
  });
});

describe('connections', () => {
  test('a closed client closes the connections that it opened', async () => {
    const sockets = new Set<unknown>();
    const { client, store } = await prepare((_request, _index, response) => {
      sockets.add(response.socket);
      return { headers: HEAD };
    });
    await store.head('k');
    await store.head('k');
    const before = sockets.size;

    client.close();
    await store.head('k');

    expect([before, sockets.size]).toEqual([1, 2]);
  });

  test('a closed client leaves connections open that others share', async () => {
    let closed = 0;
    const http: HttpClient = { send: () => expect.unreachable(), close: () => void closed++ };
    const { client } = await prepare(() => STORED, { http });

    client.close();

    expect(closed).toBe(0);
  });
});
