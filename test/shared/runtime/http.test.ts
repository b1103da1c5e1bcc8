import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHttpClient, type HttpClient, readBody } from '../../../shared/runtime/http.ts';
import { listenOnLoopback } from '../../support/loopback.ts';

let client: HttpClient;
let servers: Server[];

beforeEach(() => {
  client = createHttpClient();
  servers = [];
});

afterEach(async () => {
  client.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  servers.push(server);
  return new URL((await listenOnLoopback(server)).url);
}

const get = (url: URL, more: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  client.send({ method: 'GET', url, headers: {}, timeoutMs: 2000, ...more });

describe('createHttpClient: requests', () => {
  test('an HTTP request streams its body and carries headers as UTF-8 both ways', async () => {
    const url = await serve(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      response.setHeader('x-echo', request.headers['x-name'] ?? '');
      response.end(Buffer.concat(chunks));
    });

    const response = await client.send({
      method: 'PUT',
      url,
      headers: { 'x-name': '照片' },
      body: Readable.from([Buffer.from('one '), Buffer.from('two')]),
      timeoutMs: 2000,
    });

    expect(response.headers['x-echo']).toBe('照片');
    expect((await readBody(response)).toString()).toBe('one two');
  });

  test('an HTTP request sends the target unchanged, where a URL would resolve its dots', async () => {
    const url = await serve((request, response) => response.end(request.url));

    const response = await client.send({
      method: 'GET',
      url,
      target: '/bucket/a/../b/.?x=%2e',
      headers: {},
      timeoutMs: 2000,
    });

    expect((await readBody(response)).toString()).toBe('/bucket/a/../b/.?x=%2e');
  });

  test('the HTTP client closes an idle connection, but not one with a silent request', async () => {
    let released = (): void => {};
    const closed = new Promise<void>((resolve) => {
      released = resolve;
    });
    const url = await serve((request, response) => {
      request.socket.once('close', released);
      setTimeout(() => response.end('late'), 60);
    });
    const shortLived = createHttpClient({ idleMs: 20 });

    const response = await shortLived.send({ method: 'GET', url, headers: {}, timeoutMs: 2000 });
    const body = await readBody(response);
    await closed;
    shortLived.close();

    expect(body.toString()).toBe('late');
  });

  test('the HTTP client uses one connection for consecutive requests', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('ok');
    });

    for (let i = 0; i < 5; i++) await readBody(await get(url));

    expect(ports.size).toBe(1);
  });
});

describe('createHttpClient: failures', () => {
  test('a failed connection is a NetworkError that names the host', async () => {
    const url = await serve((request) => request.socket.destroy());

    await expect(get(url)).rejects.toMatchObject({ code: 'NetworkError', details: { host: url.host } });
  });

  test('a missing answer is a ServiceUnavailable', async () => {
    const url = await serve(() => undefined);

    await expect(get(url, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'ServiceUnavailable' });
  });

  test('a connection that breaks in the middle of a body is a NetworkError', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });

    await expect(get(url).then((response) => readBody(response))).rejects.toMatchObject({
      code: 'NetworkError',
    });
  });

  test('an aborted HTTP request is Aborted, before and during the request', async () => {
    const url = await serve(() => undefined);
    const controller = new AbortController();
    const pending = get(url, { signal: controller.signal });

    controller.abort();

    await expect(pending).rejects.toMatchObject({ code: 'Aborted' });
    await expect(get(url, { signal: controller.signal })).rejects.toMatchObject({ code: 'Aborted' });
  });

  test('a body that is longer than allowed is a ServiceUnavailable', async () => {
    const url = await serve((_request, response) => response.end('x'.repeat(100)));

    await expect(get(url).then((response) => readBody(response, 10))).rejects.toMatchObject({
      code: 'ServiceUnavailable',
    });
  });
});
