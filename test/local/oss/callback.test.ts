import * as http from 'node:http';
import type AliOss from 'ali-oss';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listenOnLoopback } from '../../support/loopback.ts';
import { failureOf, openBucket, startOss, type TestOss } from './support.ts';

/** An application that is called back. */
async function startApplication(answer: (body: string) => { status: number; body: string }) {
  const calls: { headers: http.IncomingHttpHeaders; body: string }[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      calls.push({ headers: request.headers, body });
      const { status, body: text } = answer(body);
      response.writeHead(status, { 'content-length': Buffer.byteLength(text) }).end(text);
    });
  });
  const { url, close } = await listenOnLoopback(server);
  return { url: `${url}/done`, calls, close };
}

describe('upload callbacks', () => {
  let oss: TestOss;
  let client: AliOss;

  beforeAll(async () => {
    oss = await startOss();
  });
  beforeEach(async () => {
    ({ client } = await openBucket(oss));
  });
  afterAll(() => oss.close());

  test("an upload with a callback is answered with the application's answer", async () => {
    const application = await startApplication(() => ({ status: 200, body: '{"stored":true}' }));
    const callback = {
      url: application.url,
      host: 'app.example.com',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are wire data
      body: 'key=${object}&size=${size}&etag=${etag}&type=${mimeType}&who=${x:who}',
      contentType: 'application/x-www-form-urlencoded',
      customValue: { who: 'me&you' },
    };

    const put = await client.put('a b.txt', Buffer.from('hello'), { callback } as never);

    expect((put as unknown as { data: unknown }).data).toEqual({ stored: true });
    expect(application.calls).toHaveLength(1);
    expect(Object.fromEntries(new URLSearchParams(application.calls[0]!.body))).toEqual({
      key: 'a b.txt',
      size: '5',
      etag: '5D41402ABC4B2A76B9719D911017C592',
      type: 'text/plain',
      who: 'me&you',
    });
    expect(application.calls[0]!.headers.host).toBe('app.example.com');
    expect(oss.changes.at(-1)).toMatchObject({ key: 'a b.txt', xVars: { 'x:who': 'me&you' } });
    await application.close();
  });

  test('a completed multipart upload calls back with JSON', async () => {
    const application = await startApplication((body) => ({ status: 200, body }));
    const callback = {
      url: application.url,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are wire data
      body: '{"size":${size},"key":${object}}',
      contentType: 'application/json',
    };

    const done = await client.multipartUpload('a', Buffer.alloc(200_000), {
      partSize: 102_400,
      callback,
    } as never);

    expect((done as unknown as { data: unknown }).data).toEqual({ size: '200000', key: 'a' });
    await application.close();
  });

  test.each([
    ['an error', 500, '{}', 'Error status : 500.'],
    ['no JSON', 200, 'fine', 'Response body is not valid json format.'],
  ])(
    'a callback that is answered with %s keeps the object and reports the failure',
    async (_, status, body, message) => {
      const application = await startApplication(() => ({ status, body }));

      const error = await failureOf(
        client.put('a', Buffer.from('x'), { callback: { url: application.url, body: 'a=1' } } as never),
      );

      expect(error).toMatchObject({ code: 'CallbackFailed', status: 203, message });
      expect((await client.get('a')).content.toString()).toBe('x');
      await application.close();
    },
  );

  test('a malformed callback is refused before anything is stored', async () => {
    const headers = { 'x-oss-callback': Buffer.from('{"callbackBody":"a"}').toString('base64') };

    const error = await failureOf(client.put('a', Buffer.from('x'), { headers }));

    expect(error).toMatchObject({ code: 'InvalidArgument', status: 400 });
    expect(await failureOf(client.head('a'))).toMatchObject({ code: 'NoSuchKey' });
  });
});
