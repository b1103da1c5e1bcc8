import * as http from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type ManualClock, manualClock } from '../../../shared/runtime/clock.ts';
import {
  type HttpServer,
  type HttpServerOptions,
  type ServedAnswer,
  type ServedRequest,
  startHttpServer,
} from '../../../shared/runtime/http-server.ts';

interface Held {
  readonly request: ServedRequest;
  answer(answer?: ServedAnswer): void;
}

let server: HttpServer;
let clock: ManualClock;
let url: string;
/** Requests that wait for the test to answer them. */
let held: Held[];
let onHeld: () => void;

async function start(options: Partial<HttpServerOptions> = {}): Promise<void> {
  clock = manualClock();
  held = [];
  onHeld = () => {};
  server = await startHttpServer({
    port: 0,
    host: '127.0.0.1',
    handle: (request) =>
      new Promise((resolve) => {
        held.push({ request, answer: (answer = { status: 204 }) => resolve(answer) });
        onHeld();
      }),
    ready: () => true,
    maxBytes: 1000,
    concurrency: 2,
    clock,
    ...options,
  });
  url = `http://127.0.0.1:${server.port}`;
}

afterEach(async () => {
  for (const { answer } of held) answer();
  const stopped = server.drain(0);
  await clock.advance(10_000);
  await stopped;
});

const post = (body: string | Buffer = 'x') =>
  fetch(url, { method: 'POST', body: new Uint8Array(Buffer.from(body)) });

/** Resolves when the handler has `count` requests in its hands. */
function holds(count: number): Promise<void> {
  return new Promise((resolve) => {
    onHeld = () => held.length >= count && resolve();
    onHeld();
  });
}

describe('startHttpServer: requests', () => {
  test('the handler of the HTTP server gets method, path without query, headers and the whole body', async () => {
    await start();
    const answered = fetch(`${url}/a?b=c`, { method: 'PUT', body: 'hello', headers: { 'x-one': '1' } });
    await holds(1);

    held[0]!.answer({ status: 201, headers: { 'x-two': '2' }, body: 'done' });

    const response = await answered;
    expect(held[0]!.request).toMatchObject({ method: 'PUT', path: '/a', headers: { 'x-one': '1' } });
    expect(held[0]!.request.body.toString()).toBe('hello');
    expect([response.status, response.headers.get('x-two'), await response.text()]).toEqual([
      201,
      '2',
      'done',
    ]);
  });

  test('the HTTP server rejects a body that announces a size above the bound, and keeps the connection', async () => {
    await start();

    const refused = await post(Buffer.alloc(1001));
    const next = post();
    await holds(1);
    held[0]!.answer();

    expect(refused.status).toBe(413);
    expect((await next).status).toBe(204);
  });

  test('the HTTP server rejects a body of unknown size as soon as it is too large', async () => {
    await start();
    const status = await new Promise<number>((resolve, reject) => {
      const request = http.request(url, { method: 'POST' }, (response) => {
        response.resume();
        resolve(response.statusCode!);
        request.end();
      });
      request.on('error', reject);
      request.write(Buffer.alloc(600));
      request.write(Buffer.alloc(600)); // and no end before the answer
    });

    expect(status).toBe(413);
    expect(held).toEqual([]);
  });

  test('the HTTP server answers one request above its bound with 503 and Retry-After, and the next one normally', async () => {
    await start();
    const first = post();
    const second = post();
    await holds(2);

    const third = await post();
    held[0]!.answer();
    held[1]!.answer();
    await Promise.all([first, second]);
    const fourth = post();
    await holds(3);
    held[2]!.answer();

    expect([third.status, third.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await fourth).status).toBe(204);
  });

  test('the HTTP server answers an error of the handler with 500 and its code', async () => {
    await start({ handle: () => Promise.reject(new Error('boom')) });

    const response = await post();

    expect([response.status, await response.text()]).toEqual([500, 'Unexpected: boom\n']);
  });

  test('the HTTP server reports answers with their seconds, but not probes', async () => {
    const answers: unknown[] = [];
    await start({ onAnswer: (...answer) => answers.push(answer) });
    const answered = post();
    await holds(1);
    await clock.advance(1500);
    held[0]!.answer();
    await answered;

    await fetch(`${url}/livez`);

    expect(answers).toEqual([[204, 1.5]]);
  });
});

/** A connection that sends `text` and then nothing; `received` is what the server says until it closes the connection. */
function dial(text: string): Promise<{ socket: Socket; received: Promise<string> }> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1');
    const received = new Promise<string>((closed) => {
      let said = '';
      socket.on('data', (chunk) => {
        said += chunk;
      });
      socket.on('close', () => closed(said));
    });
    socket.once('error', reject);
    socket.write(text, () => resolve({ socket, received }));
    if (text === '') resolve({ socket, received });
  });
}

const HALF_A_HEAD = 'POST / HTTP/1.1\r\nhost: a\r\n';
const HALF_A_BODY = `${HALF_A_HEAD}content-length: 1000\r\n\r\nx`;

describe('startHttpServer: slow clients', () => {
  test('requests that have not arrived take no place from others, however many they are', async () => {
    await start({ concurrency: 1 });
    const slow = await Promise.all(
      Array.from({ length: 999 }, (_, index) => dial(['', HALF_A_HEAD, HALF_A_BODY][index % 3]!)),
    );

    const honest = post();
    await holds(1);
    held[0]!.answer();

    expect((await honest).status).toBe(204);
    for (const { socket } of slow) socket.destroy();
  });

  test.each([
    ['nothing', ''],
    ['half a head', HALF_A_HEAD],
    ['half a body', HALF_A_BODY],
  ])('a connection that sends %s is cut, and counts as no failure of the handler', async (_, text) => {
    const statuses: number[] = [];
    await start({ receiveTimeoutMs: 50, onAnswer: (status) => statuses.push(status) });

    const { received } = await dial(text);

    expect((await received).split('\r\n')[0]).toBe('HTTP/1.1 408 Request Timeout');
    expect(statuses.filter((status) => status !== 408)).toEqual([]);
    expect(held).toEqual([]);
  });

  test('bodies that arrive at the same time share a memory, and the one that arrives for longest is cut first', async () => {
    await start({ concurrency: 1, maxBytes: 1000 });
    const head = `${HALF_A_HEAD}content-length: 1000\r\n\r\n`;
    const first = await dial(head + 'x'.repeat(900));
    const second = await dial(head + 'x'.repeat(900));

    const honest = post('x'.repeat(900));
    const cut = await Promise.race([first.received.then(() => 1), second.received.then(() => 2)]);
    await holds(1);
    held[0]!.answer();

    expect(cut).toBe(1);
    expect((await honest).status).toBe(204);
    second.socket.destroy();
  });
});

describe('startHttpServer: probes', () => {
  test('the HTTP server is live even when the program is not ready', async () => {
    let ready = false;
    await start({ ready: () => ready });

    const before = await Promise.all(['/livez', '/readyz'].map((path) => fetch(url + path)));
    ready = true;
    const after = await fetch(`${url}/readyz`);

    expect(before.map(({ status }) => status)).toEqual([200, 503]);
    expect(after.status).toBe(200);
  });

  test('the HTTP server answers probes while all slots are taken', async () => {
    await start({ concurrency: 1 });
    const busy = post();
    await holds(1);

    const probe = await fetch(`${url}/readyz`);
    held[0]!.answer();
    await busy;

    expect(probe.status).toBe(200);
  });

  test('the HTTP server answers unreadable metrics with 500', async () => {
    await start({ metrics: { contentType: 'text/plain', metrics: () => Promise.reject(new Error('no')) } });

    expect((await fetch(`${url}/metrics`)).status).toBe(500);
  });
});

describe('HttpServer.drain', () => {
  test('a draining HTTP server waits for running requests, rejects new ones, and is not ready', async () => {
    await start();
    const busy = post();
    await holds(1);

    const drained = server.drain(5000);
    const [late, ready, live] = await Promise.all([post(), fetch(`${url}/readyz`), fetch(`${url}/livez`)]);
    held[0]!.answer();

    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1']);
    expect([ready.status, live.status]).toEqual([503, 200]);
    expect((await busy).status).toBe(204);
    expect(await drained).toBe(0);
    await expect(post()).rejects.toThrow();
    expect(clock.pending()).toBe(0);
  });

  test('a draining HTTP server aborts requests after the grace period and sends their answers', async () => {
    await start({
      handle: ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ status: 503 }));
          held.push({ request: {} as ServedRequest, answer: () => {} });
          onHeld();
        }),
    });
    const busy = post();
    await holds(1);

    const drained = server.drain(5000);
    await clock.advance(5000);

    expect((await busy).status).toBe(503);
    expect(await drained).toBe(0);
  });

  test('a draining HTTP server does not wait forever for a handler that ignores the signal', async () => {
    await start();
    const busy = post().catch(() => 'no answer');
    await holds(1);

    const drained = server.drain(5000);
    await clock.advance(5000);
    await clock.advance(1000);
    await clock.advance(1000);

    expect(await drained).toBe(1);
    expect(await busy).toBe('no answer');
  });

  test('a draining HTTP server closes idle connections', async () => {
    await start();
    const agent = new http.Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      http
        .get(`${url}/livez`, { agent }, (response) => response.resume().on('end', resolve))
        .on('error', reject);
    });

    expect(await server.drain(60_000)).toBe(0);
    agent.destroy();
  });
});
