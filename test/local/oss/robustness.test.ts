import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { blobFilesIn, openBucket, presignedPath, startOss, type TestOss } from './support.ts';

describe('clients with faults', () => {
  let oss: TestOss;
  let dataDir: string;
  let bucket: string;

  beforeEach(async () => {
    dataDir = await fs.mkdtemp(path.join(tmpdir(), 'oss-test-'));
    oss = await startOss({ dataDir, idleTimeoutMs: 200 });
    ({ bucket } = await openBucket(oss));
  });
  afterEach(async () => {
    await oss.close();
    await fs.rm(dataDir, { recursive: true, force: true });
  });

  /** Resolves when the condition holds; the test's own timeout bounds it. */
  async function eventually(condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
  }

  async function beginUpload(): Promise<net.Socket> {
    const socket = net.connect(oss.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `PUT ${presignedPath({ method: 'PUT', bucket, key: 'a' })} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n`,
    );
    socket.write(Buffer.alloc(100_000));
    await eventually(async () => (await blobFilesIn(dataDir)).length === 1);
    return socket;
  }

  test('a client that disconnects during an upload leaves no file', async () => {
    const socket = await beginUpload();

    socket.destroy();

    await eventually(async () => (await blobFilesIn(dataDir)).length === 0);
    expect((await oss.send({ path: presignedPath({ bucket, key: 'a' }) })).status).toBe(404);
  });

  test('a client that stops sending is disconnected', async () => {
    const socket = await beginUpload();
    socket.on('error', () => {});

    await once(socket, 'close');

    await eventually(async () => (await blobFilesIn(dataDir)).length === 0);
    expect(await blobFilesIn(dataDir)).toEqual([]);
  });

  /** Sends bytes as they are and returns all that is answered until the connection is closed. */
  async function talk(bytes: string): Promise<string> {
    const socket = net.connect(oss.port, '127.0.0.1');
    let answers = '';
    socket.setEncoding('latin1').on('data', (text) => {
      answers += text;
    });
    socket.on('error', () => {});
    socket.write(bytes);
    await once(socket, 'close');
    return answers;
  }

  const putWith = (key: string, headers: readonly string[], body: string) =>
    [
      `PUT ${presignedPath({ method: 'PUT', bucket, key })} HTTP/1.1`,
      'Host: localhost',
      ...headers,
      '',
      body,
    ].join('\r\n');

  const statusesIn = (answers: string) =>
    [...answers.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));

  test.each([
    [
      'chunks that are shorter than the length',
      ['Content-Length: 60', 'Transfer-Encoding: chunked'],
      '0\r\n\r\n',
    ],
    [
      'chunks that are longer than the length',
      ['Content-Length: 2', 'Transfer-Encoding: chunked'],
      '5\r\nhello\r\n0\r\n\r\n',
    ],
    ['two lengths', ['Content-Length: 5', 'Content-Length: 5'], 'hello'],
    ['another encoding', ['Transfer-Encoding: chunked, identity'], '5\r\nhello\r\n0\r\n\r\n'],
    ['two encodings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['a control character in a header', ['x-oss-meta-a: a\u0001b', 'Content-Length: 5'], 'hello'],
  ])('a body with %s is refused, and what follows is no request', async (_, headers, body) => {
    const answers = await talk(
      putWith('a', headers, body) + putWith('smuggled', ['Content-Length: 2'], 'no'),
    );

    expect(statusesIn(answers)).toEqual([400]);
    for (const key of ['a', 'smuggled']) {
      expect((await oss.send({ path: presignedPath({ bucket, key }) })).status).toBe(404);
    }
  });

  test('chunks with an announced length are stored if they have it, and what follows is no request', async () => {
    const headers = ['Content-Length: 5', 'Transfer-Encoding: chunked'];
    const first = putWith('a', headers, '5\r\nhello\r\n0\r\n\r\n');

    const answers = await talk(first + putWith('smuggled', ['Content-Length: 2'], 'no'));

    expect(statusesIn(answers)).toEqual([200]);
    expect((await oss.send({ path: presignedPath({ bucket, key: 'a' }) })).body.toString()).toBe('hello');
    expect((await oss.send({ path: presignedPath({ bucket, key: 'smuggled' }) })).status).toBe(404);
  });

  test('a client that does not read a download releases the object', async () => {
    await oss.client({ bucket }).put('a', Buffer.alloc(20_000_000));
    const socket = net.connect(oss.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`GET ${presignedPath({ bucket, key: 'a' })} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await once(socket, 'readable');

    await oss.client({ bucket }).delete('a');

    // The bytes stay as long as somebody reads them, and no longer.
    await eventually(async () => (await blobFilesIn(dataDir)).length === 0);
    expect(await blobFilesIn(dataDir)).toEqual([]);
    socket.destroy();
  });

  test('a client receives the object that it asked for, even if it is overwritten before the answer', async () => {
    const client = () => slow.client({ bucket: 'slow-bucket' });
    let overwritten = false;
    const slow = await startOss({
      events: {
        async emit({ eventName }) {
          if (eventName === 'ObjectDownloaded:GetObject' && !overwritten) {
            overwritten = true;
            await client().put('a', Buffer.from('new'));
          }
          return 'published';
        },
      },
    });
    await slow.client().putBucket('slow-bucket');
    await client().put('a', Buffer.from('old'));

    const { content } = await client().get('a');

    expect(content.toString()).toBe('old');
    expect((await client().get('a')).content.toString()).toBe('new');
    await slow.close();
  });

  test('a client cannot inject headers into answers', async () => {
    await oss.client({ bucket }).put('a', Buffer.from('x'));

    const response = await oss.send({
      path: presignedPath({ bucket, key: 'a', query: [['response-content-type', 'a\r\nx-evil: 1']] }),
    });

    expect(response.status).toBe(400);
    expect(response.headers).not.toHaveProperty('x-evil');
  });

  test('a document cannot expand its entities', async () => {
    const body =
      '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>';

    const response = await oss.send({
      method: 'POST',
      path: presignedPath({ method: 'POST', bucket, query: [['delete', '']] }),
      body,
    });

    expect(response.status).toBe(400);
    expect(response.body.toString()).toContain('<Code>MalformedXML</Code>');
  });

  test.each([
    ['too large', `<Delete>${' '.repeat(3_000_000)}</Delete>`, 'EntityTooLarge'],
    ['too deep', `<Delete>${'<a>'.repeat(100)}${'</a>'.repeat(100)}</Delete>`, 'MalformedXML'],
    ['of too many keys', `<Delete>${'<Object><Key>a</Key></Object>'.repeat(1001)}</Delete>`, 'MalformedXML'],
    ['of another kind', '<Other/>', 'MalformedXML'],
    ['that is not XML', 'x', 'MalformedXML'],
  ])('a document is refused: %s', async (_, body, code) => {
    const response = await oss.send({
      method: 'POST',
      path: presignedPath({ method: 'POST', bucket, query: [['delete', '']] }),
      body,
    });

    expect(response.body.toString()).toContain(`<Code>${code}</Code>`);
  });

  test.each([
    [
      'an order to process an image',
      { key: 'a', query: [['x-oss-process', '']] as const },
      'x-oss-process=%zz',
      'InvalidArgument',
    ],
  ])('text that is not percent-encoded is refused: %s', async (_, { query, ...target }, body, code) => {
    const path = presignedPath({
      method: 'POST',
      bucket,
      ...target,
      query: [...query].map(([a, b]) => [a, b]),
    });

    const response = await oss.send({ method: 'POST', path, body });

    expect([response.status, response.body.toString()]).toEqual([
      400,
      expect.stringContaining(`<Code>${code}</Code>`),
    ]);
  });

  test('a body without a length is refused', async () => {
    const socket = net.connect(oss.port, '127.0.0.1');
    socket.write(
      `PUT ${presignedPath({ method: 'PUT', bucket, key: 'a' })} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );

    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);

    expect(Buffer.concat(chunks).toString()).toContain('<Code>MissingContentLength</Code>');
  });

  test('a body that announces more than the service accepts is refused', async () => {
    const response = await oss
      .send({
        method: 'PUT',
        path: presignedPath({ method: 'PUT', bucket, key: 'a' }),
        headers: { 'content-length': String(6 * 1024 ** 3) },
      })
      .catch((error: Error) => error);

    // Which of the two a client sees depends on whether it goes on sending.
    if (response instanceof Error) expect(response.message).toMatch(/ECONNRESET|EPIPE|hang up/);
    else expect(response.body.toString()).toContain('<Code>EntityTooLarge</Code>');
  });

  test('more metadata than the service stores is refused', async () => {
    const headers = { 'x-oss-meta-a': 'x'.repeat(8200) };
    const path = presignedPath({ method: 'PUT', bucket, key: 'a', headers });

    const response = await oss.send({ method: 'PUT', path, headers: { ...headers, 'content-length': '0' } });

    expect(response.body.toString()).toContain('<Code>InvalidArgument</Code>');
  });
});
