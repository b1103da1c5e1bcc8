import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from './clock.ts';
import { toAppError } from './errors.ts';
import { createRequestBodies } from './request-bodies.ts';

export interface ServedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** Fires when the server no longer waits for the answer. */
  readonly signal: AbortSignal;
}

export interface ServedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface HttpServerOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** `@default` all addresses */
  readonly host?: string;
  /** Answers every request that is not a probe. An error is answered with 500. */
  readonly handle: (request: ServedRequest) => Promise<ServedAnswer>;
  /** The result of `/readyz`, which is never ready while the server drains. */
  readonly ready: () => boolean;
  /** The result of `/metrics`, which does not exist without it. */
  readonly metrics?: { metrics(): Promise<string>; readonly contentType: string };
  /** Larger bodies are answered with 413 and discarded. */
  readonly maxBytes: number;
  /**
   * Requests that are handled at the same time. Others are answered with 503. A request counts once it has arrived: a
   * client that sends slowly takes nobody's place.
   */
  readonly concurrency: number;
  /** Milliseconds in which a request must arrive. Then it is answered with 408 and cut. @default 10_000 */
  readonly receiveTimeoutMs?: number;
  readonly clock: Clock;
  /** Called after each answer to a request that is not a probe. */
  readonly onAnswer?: (status: number, seconds: number) => void;
}

export interface HttpServer {
  readonly port: number;
  /** Requests that are being handled. */
  inFlight(): number;
  /**
   * Answers new requests with 503 and waits at most `graceMs` for running ones. Then it aborts those that are left, waits a
   * moment for their answers, and closes. Resolves to the number of requests that got no answer.
   */
  drain(graceMs: number): Promise<number>;
}

/** Milliseconds in which the head of a request must arrive, at most. */
const HEAD_TIMEOUT_MS = 5000;
/** Milliseconds between two looks for requests that are late. */
const CHECK_MS = 500;
/** Connections that wait to be accepted, so that many new ones at once do not delay each other by a second. */
const BACKLOG = 4096;
/** Requests of the largest size that may arrive at the same time, for each that may be handled. */
const ARRIVING_PER_HANDLED = 2;

/** Milliseconds in which an aborted handler may still answer. */
const ABORT_GRACE_MS = 1000;

/** Longer than Go's clients keep an idle connection: the client must be the one that closes it. */
const KEEP_ALIVE_MS = 120_000;

const RETRY_AFTER = { 'retry-after': '1' };

/** An HTTP server for a container platform: with probes, bounds and an orderly shutdown. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { port, host, handle, ready, metrics, maxBytes, concurrency, clock, onAnswer } = options;
  const { receiveTimeoutMs = 10_000 } = options;
  const bodies = createRequestBodies({
    maxBytes,
    budgetBytes: ARRIVING_PER_HANDLED * concurrency * maxBytes,
  });
  const stop = new AbortController();
  let handling = 0;
  let draining = false;
  let onIdle = () => {};

  const probes: Record<string, () => Promise<ServedAnswer>> = {
    '/livez': async () => plain(200, 'live'),
    '/readyz': async () => (ready() && !draining ? plain(200, 'ready') : plain(503, 'not ready')),
    ...(metrics && {
      '/metrics': async () => plain(200, await metrics.metrics(), { 'content-type': metrics.contentType }),
    }),
  };

  const answer = async (request: http.IncomingMessage, path: string): Promise<ServedAnswer> => {
    const refusal = () => {
      if (draining) return plain(503, 'stopping', RETRY_AFTER);
      if (handling < concurrency) return undefined;
      return plain(503, `${concurrency} requests are being handled`, RETRY_AFTER);
    };
    const early = refusal();
    if (early) return early;
    const body = await bodies.read(request).catch(() => 'cut' as const);
    if (body === 'cut') return plain(408, 'the request did not arrive');
    if (!body) return plain(413, `the body is larger than ${maxBytes} bytes`);
    const late = refusal();
    if (late) return late;
    handling += 1;
    try {
      const { method = '', headers } = request;
      return await handle({ method, path, headers, body, signal: stop.signal });
    } catch (thrown) {
      const { code, message } = toAppError(thrown);
      return code === 'EventTooLarge' ? plain(413, message) : plain(500, `${code}: ${message}`);
    } finally {
      handling -= 1;
      if (handling === 0) onIdle();
    }
  };

  const timeouts = {
    headersTimeout: Math.min(HEAD_TIMEOUT_MS, receiveTimeoutMs),
    requestTimeout: receiveTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, receiveTimeoutMs),
  };
  const server = http.createServer(timeouts, async (request, response) => {
    const path = (request.url ?? '/').split('?')[0]!;
    const probe = request.method === 'GET' ? probes[path] : undefined;
    if (probe) {
      const answered = await probe().catch((thrown) => plain(500, toAppError(thrown).message));
      return send(response, answered, draining);
    }
    const startedAt = clock.monotonic();
    const answered = await answer(request, path);
    onAnswer?.(answered.status, (clock.monotonic() - startedAt) / 1000);
    send(response, answered, draining);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    inFlight: () => handling,
    async drain(graceMs) {
      draining = true;
      const idle = () =>
        handling === 0 ? Promise.resolve() : new Promise<void>((resolve) => (onIdle = resolve));
      if (!(await within(graceMs, idle(), clock))) {
        stop.abort();
        await within(ABORT_GRACE_MS, idle(), clock);
      }
      const unanswered = handling;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      // A running answer has `connection: close`. A client that does not read it is not waited for.
      if (!(await within(ABORT_GRACE_MS, closed, clock))) server.closeAllConnections();
      await closed;
      return unanswered;
    },
  };
}

/** Whether the promise settled in time. */
async function within(ms: number, work: Promise<void>, clock: Clock): Promise<boolean> {
  let cancel = () => {};
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  const settled = await Promise.race([work.then(() => true), late]);
  cancel();
  return settled;
}

function send(response: http.ServerResponse, { status, headers, body }: ServedAnswer, last: boolean): void {
  response.writeHead(status, last ? { ...headers, connection: 'close' } : headers);
  response.end(body);
}

function plain(status: number, text: string, headers: Record<string, string> = {}): ServedAnswer {
  return { status, headers: { 'content-type': 'text/plain', ...headers }, body: `${text}\n` };
}
