import { describe, expect, onTestFinished, test } from 'vitest';
import type { HttpMode } from '../../../shared/envelope/cloud-event.ts';
import { fromHttpMessage } from '../../../shared/envelope/http-message.ts';
import { manualClock, systemClock } from '../../../shared/runtime/clock.ts';
import { createHttpSink, type HttpSinkOptions } from '../../../shared/sinks/http.ts';
import { anEvent, eventSinkContract, type FarSide, readEvent } from '../../contracts/event-sink.ts';
import { LOOPBACK_TLS } from '../../support/loopback-tls.ts';
import { type SinkRequest, startSinkServer } from '../../support/sink-server.ts';

const signal = new AbortController().signal;

for (const mode of ['binary', 'structured'] as const) {
  eventSinkContract(`HTTP (${mode})`, async () => {
    let farSide: FarSide = 'accept';
    const server = await startSinkServer((res) => {
      if (farSide === 'accept') res.writeHead(202).end();
      if (farSide === 'fail') res.writeHead(500).end('no idea');
      if (farSide === 'overload') res.writeHead(503, { 'retry-after': '2' }).end();
      if (farSide === 'refuse') res.writeHead(400).end('not an event');
      if (farSide === 'break') res.destroy();
    });
    const sink = createHttpSink({ url: server.url, mode, timeoutMs: 30_000, clock: systemClock });
    return {
      sink,
      behave: (as) => {
        farSide = as;
      },
      received: () => server.requests.map((request) => received(mode, request)),
      async close() {
        await sink.close();
        await server.close();
      },
    };
  });
}

function received(mode: HttpMode, request: SinkRequest) {
  if (mode === 'structured') return readEvent(request.body.toString());
  const attributes = fromHttpMessage(request) as Record<string, unknown>;
  return readEvent(JSON.stringify({ ...attributes, data: JSON.parse(request.body.toString()) }));
}

async function openSink(
  answer: Parameters<typeof startSinkServer>[0],
  options: Partial<HttpSinkOptions> = {},
) {
  const server = await startSinkServer(answer);
  const sink = createHttpSink({ url: server.url, timeoutMs: 30_000, clock: systemClock, ...options });
  onTestFinished(async () => {
    await sink.close();
    await server.close();
  });
  return { server, sink };
}

describe('createHttpSink', () => {
  test.each([
    [200, 'accepted', undefined],
    [202, 'accepted', undefined],
    [204, 'accepted', undefined],
    [301, 'rejected', undefined],
    [307, 'rejected', undefined],
    [400, 'rejected', undefined],
    [401, 'rejected', undefined],
    [403, 'rejected', undefined],
    [404, 'retry', undefined],
    [408, 'retry', undefined],
    [409, 'retry', undefined],
    [413, 'rejected', undefined],
    [422, 'rejected', undefined],
    [429, 'retry', true],
    [500, 'retry', undefined],
    [502, 'retry', undefined],
    [503, 'retry', true],
  ])('the HTTP sink turns status %i into %s', async (status, result, overloaded) => {
    const { sink } = await openSink((res) => res.writeHead(status, { location: '/elsewhere' }).end());

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery.result).toBe(result);
    expect('overloaded' in delivery ? delivery.overloaded : undefined).toBe(overloaded);
  });

  test('the HTTP sink does not follow a redirect', async () => {
    const { sink, server } = await openSink((res) => res.writeHead(307, { location: '/elsewhere' }).end());

    await sink.deliver(anEvent(), { signal });

    expect(server.requests.map(({ path }) => path)).toEqual(['/sink']);
  });

  test('the HTTP sink reports an answer in one short line', async () => {
    const { sink } = await openSink((res) => res.writeHead(400).end(`bad\r\n\u0000${'x'.repeat(1000)}`));

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toMatchObject({ reason: expect.stringMatching(/^HTTP 400: bad x{100,200}$/) });
  });

  test('the HTTP sink counts a date in Retry-After from now', async () => {
    const clock = manualClock(Date.UTC(2026, 0, 15, 8, 30, 0));
    const { sink } = await openSink(
      (res) => res.writeHead(429, { 'retry-after': 'Thu, 15 Jan 2026 08:30:07 GMT' }).end(),
      { clock },
    );

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toMatchObject({ result: 'retry', retryAfterMs: 7000, overloaded: true });
  });

  test('the HTTP sink sends its token, and a fresh one when the sink refuses the first', async () => {
    const tokens = ['first', 'second'];
    const { sink, server } = await openSink(
      (res, { headers }) => res.writeHead(headers.authorization === 'Bearer second' ? 202 : 401).end(),
      { token: async ({ refresh } = {}) => tokens[refresh ? 1 : 0]! },
    );

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toEqual({ result: 'accepted' });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first',
      'Bearer second',
    ]);
  });

  test('the HTTP sink gives up after a second rejected token, and never shows it', async () => {
    const { sink, server } = await openSink(
      (res, { headers }) => res.writeHead(401).end(`no access with ${headers.authorization}`),
      { token: async () => 'top-secret' },
    );

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toMatchObject({
      result: 'rejected',
      reason: 'HTTP 401: no access with Bearer [secret]',
    });
    expect(server.requests).toHaveLength(1);
  });

  test('the HTTP sink adds overrides and keeps the identity of the event', async () => {
    const { sink, server } = await openSink((res) => res.writeHead(202).end(), {
      overrides: { extensions: { team: 'faces' } },
    });
    const event = anEvent();

    await sink.deliver(event, { signal });

    expect(server.requests[0]?.headers).toMatchObject({
      'ce-team': 'faces',
      'ce-id': event.id,
      'ce-type': event.type,
    });
  });

  test('the HTTP sink accepts an event even if the answer is cut off', async () => {
    const { sink } = await openSink((res) => {
      res.writeHead(200, { 'content-length': '100' });
      res.write('half', () => res.destroy());
    });

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toEqual({ result: 'accepted' });
  });

  test('the HTTP sink does not read an endless answer', async () => {
    const { sink } = await openSink((res) => {
      res.writeHead(200);
      const more = () => {
        while (!res.destroyed && res.write('x'.repeat(65_536)));
      };
      res.on('drain', more);
      more();
    });

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toEqual({ result: 'accepted' });
  });

  test('the HTTP sink stops waiting for an answer after the timeout, by its clock', async () => {
    const clock = manualClock();
    let arrived = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { sink } = await openSink(() => arrived(), { clock });
    const delivery = sink.deliver(anEvent(), { signal });
    await arrival;

    await clock.advance(30_000);

    expect(await delivery).toMatchObject({
      result: 'retry',
      reason: expect.stringContaining('within 30000 ms'),
    });
    expect(clock.pending()).toBe(0);
  });

  test('the HTTP sink leaves no timer behind', async () => {
    const clock = manualClock();
    const { sink } = await openSink((res) => res.writeHead(202).end(), { clock });

    await sink.deliver(anEvent(), { signal });

    expect(clock.pending()).toBe(0);
  });

  test('the HTTP sink uses one connection for consecutive events', async () => {
    const sockets = new Set<unknown>();
    const { sink } = await openSink((res) => {
      sockets.add(res.socket);
      res.writeHead(200).end('{"any":"answer"}');
    });

    for (let index = 0; index < 5; index++) await sink.deliver(anEvent(), { signal });

    expect(sockets.size).toBe(1);
  });

  test('the HTTP sink retries an event when the connection is refused', async () => {
    const { sink, server } = await openSink((res) => res.writeHead(202).end());
    await server.close();

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toMatchObject({ result: 'retry', reason: expect.stringContaining('NetworkError') });
  });

  test.each(['', 'broker', 'ftp://broker/'])('the HTTP sink rejects the URL %j', (url) => {
    expect(() => createHttpSink({ url, timeoutMs: 1000, clock: systemClock })).toThrow(
      expect.objectContaining({ code: 'ConfigInvalid' }),
    );
  });

  test('the HTTP sink accepts a private certificate only with its authority', async () => {
    const server = await startSinkServer((res) => res.writeHead(202).end(), LOOPBACK_TLS);
    const options = { url: server.url, timeoutMs: 30_000, clock: systemClock };
    const trusting = createHttpSink({ ...options, caCerts: LOOPBACK_TLS.cert });
    const wary = createHttpSink(options);
    onTestFinished(async () => {
      await Promise.all([trusting.close(), wary.close()]);
      await server.close();
    });

    const deliveries = await Promise.all([trusting, wary].map((sink) => sink.deliver(anEvent(), { signal })));

    expect(deliveries.map(({ result }) => result)).toEqual(['accepted', 'retry']);
  });
});
