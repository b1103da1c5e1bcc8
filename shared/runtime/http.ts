import * as http from 'node:http';
import * as https from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { AppError } from './errors.ts';

export interface HttpRequest {
  readonly method: string;
  /** Host, and path and query unless `target` is given. */
  readonly url: URL;
  /** Path and query, sent byte for byte: a URL would resolve `..`, which object keys may contain. */
  readonly target?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Readable;
  /** Milliseconds until the head of the response, and between two parts of its body. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; values decoded as UTF-8, where Node gives Latin-1. */
  readonly headers: Readonly<Record<string, string>>;
  /** The caller must read it to its end or destroy it. */
  readonly body: Readable;
}

/** Keep-alive connections to one service. */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Closes all connections. Running requests fail. */
  close(): void;
}

export interface HttpClientOptions {
  /** `@default 64` */
  readonly maxSockets?: number;
  /**
   * Milliseconds after which an idle connection is closed. If the service closed it first, the next request on it would
   * fail. `@default 15_000`
   */
  readonly idleMs?: number;
  /** PEM of authorities that are trusted in addition to Node's. */
  readonly caCerts?: string;
}

/**
 * `node:http` instead of undici or fetch: a new process sends its first request four to seven times sooner, and cold starts
 * cost money. Errors of the connection are `NetworkError`, `ServiceUnavailable` (timeout) or `Aborted`.
 */
export function createHttpClient({
  maxSockets = 64,
  idleMs = 15_000,
  caCerts,
}: HttpClientOptions = {}): HttpClient {
  const options = { keepAlive: true, maxSockets, timeout: idleMs, scheduling: 'lifo' } as const;
  const trust = caCerts === undefined ? {} : { ca: [...rootCertificates, caCerts] };
  const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent({ ...options, ...trust }) };
  return {
    send: (request) => send(request, agents),
    close() {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
}

function send(request: HttpRequest, agents: Record<'http:' | 'https:', http.Agent>): Promise<HttpResponse> {
  const { url, signal } = request;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(request));
    const secure = url.protocol === 'https:';
    const outgoing = (secure ? https : http).request(url, {
      method: request.method,
      headers: encodeHeaders(request.headers),
      agent: agents[secure ? 'https:' : 'http:'],
      timeout: request.timeoutMs,
      path: request.target ?? `${url.pathname}${url.search}`,
      signal,
    });
    outgoing.on('timeout', () => outgoing.destroy(timedOut(request)));
    outgoing.on('error', (error) => reject(asConnectionError(error, request)));
    outgoing.on('response', (incoming) => {
      incoming.setTimeout(request.timeoutMs, () => incoming.destroy(timedOut(request)));
      resolve({ status: incoming.statusCode ?? 0, headers: decodeHeaders(incoming.headers), body: incoming });
    });
    const { body } = request;
    if (body === undefined) outgoing.end();
    else if (body instanceof Uint8Array) outgoing.end(body);
    else pipeline(body, outgoing, () => {}); // errors are emitted by `outgoing`; each stream destroys the other
  });
}

/** Reads a body of at most `limit` bytes. Throws `ServiceUnavailable` for a longer one, which no service sends. */
export async function readBody(response: HttpResponse, limit = 4 * 1024 * 1024): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit)
        throw new AppError('ServiceUnavailable', `response body is larger than ${limit} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('NetworkError', `connection broke while reading the response: ${describe(error)}`, {
      cause: error,
    });
  }
  return Buffer.concat(chunks);
}

function asConnectionError(error: Error, request: HttpRequest): AppError {
  if (error instanceof AppError) return error;
  if (error.name === 'AbortError') return aborted(request);
  return new AppError('NetworkError', `${request.method} ${request.url.host}: ${describe(error)}`, {
    cause: error,
    details: { host: request.url.host },
  });
}

function timedOut({ method, url, timeoutMs }: HttpRequest): AppError {
  return new AppError('ServiceUnavailable', `${method} ${url.host}: no answer within ${timeoutMs} ms`, {
    details: { host: url.host },
  });
}

function aborted({ method, url }: HttpRequest): AppError {
  return new AppError('Aborted', `${method} ${url.host}: stopped`, { details: { host: url.host } });
}

/** A refused connection to several addresses comes as an AggregateError with an empty message. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}

/** Headers are UTF-8 on the wire and in signatures. Node expects one character per byte. */
function encodeHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')]),
  );
}

/** Header values are UTF-8 on the wire. Node decodes each byte as one character. */
export function decodeHeaders(headers: http.IncomingHttpHeaders): Record<string, string> {
  const decoded: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    decoded[name] = Buffer.from(Array.isArray(value) ? value.join(', ') : value, 'latin1').toString('utf8');
  }
  return decoded;
}
