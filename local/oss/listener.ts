import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isAppError } from '../../shared/runtime/errors.ts';
import { decodeHeaders } from '../../shared/runtime/http.ts';
import { toRefusal } from '../http/refusal.ts';
import { authenticate } from './auth/authenticate.ts';
import { authorize } from './auth/authorize.ts';
import { checkReferer } from './auth/referer.ts';
import type { SignedRequest } from './auth/signed-request.ts';
import type { OssContext } from './context.ts';
import { OssRefusal } from './errors.ts';
import { findRoute } from './find-route.ts';
import { type Address, readAddress, regionOf } from './http/address.ts';
import { createLastRequests, readFraming } from './http/framing.ts';
import { splitTarget } from './http/query.ts';
import { dropReply, errorReply, type Reply, sendReply, throttledReply } from './http/reply.ts';
import type { OssRequest } from './http/request.ts';
import { closeWhenSlow } from './http/slow-client.ts';
import { readTrafficLimit, throttled } from './http/traffic-limit.ts';
import { newRequestId } from './ids.ts';
import { corsHeadersOf } from './operations/cors.ts';
import type { Route } from './routes.ts';
import { type BucketStore, noSuchBucket } from './store/bucket.ts';

/**
 * Handles a request: identify the sender and the operation, authorize, act, publish the events, answer. Everything that
 * an answer reports, events included, is on disk before the answer is sent.
 */
export function createListener(oss: OssContext): RequestListener {
  const lastRequests = createLastRequests();
  return (message, response) => {
    if (lastRequests.has(message)) return;
    const id = newRequestId(oss.random);
    const time = oss.clock.now();
    closeWhenSlow(message, oss.idleTimeoutMs);
    const onLast = () => {
      lastRequests.add(message);
      response.shouldKeepAlive = false;
    };
    void answer(message, { id, time, onLast }, oss)
      .catch((error: unknown) => errorReplyTo(message, asRefusal(error, id, oss), id))
      .then((reply) => send(message, response, reply, { id, time }, oss));
  };
}

/** Answers a request with a refusal that did not come from an operation. */
export function writeRefusal(
  message: IncomingMessage,
  response: ServerResponse,
  refusal: OssRefusal,
  oss: OssContext,
): void {
  const id = newRequestId(oss.random);
  void send(message, response, errorReplyTo(message, refusal, id), { id, time: oss.clock.now() }, oss);
}

async function send(
  { method }: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  { id, time }: { readonly id: string; readonly time: number },
  { clock, logger, idleTimeoutMs }: OssContext,
): Promise<void> {
  const now = clock.now();
  try {
    await sendReply(response, reply, {
      requestId: id,
      time: now,
      elapsedMs: now - time,
      head: method === 'HEAD',
      idleTimeoutMs,
    });
  } catch (error) {
    // The status is sent, so only closing the connection shows the error.
    response.destroy();
    await dropReply(reply);
    if (isAppError(error)) logger.error({ requestId: id, err: error }, 'answer was not delivered');
    else logger.debug({ requestId: id, cause: String(error) }, 'answer was not delivered');
  }
}

function errorReplyTo({ method, headers }: IncomingMessage, refusal: OssRefusal, requestId: string): Reply {
  return errorReply(refusal, { requestId, host: headers.host ?? '', head: method === 'HEAD' });
}

interface Received {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Called at once if no further request of the connection may be read. */
  readonly onLast: () => void;
}

async function answer(
  message: IncomingMessage,
  { id, time, onLast }: Received,
  oss: OssContext,
): Promise<Reply> {
  const body = frame(message, onLast);
  const headers = decodeHeaders(message.headers);
  const method = message.method ?? '';
  const { path, query } = splitTarget(message.url ?? '/');
  const readings = readAddress(headers.host ?? '', path, oss.store.names());
  checkHost(headers.host ?? '', readings[0]!, oss);
  const { caller, address } = identify({ method, query, headers, time }, readings, oss);
  const route = findRoute({ method, query, headers }, address);
  const request: OssRequest = {
    id,
    method,
    bucket: address.bucket ?? '',
    key: address.key ?? '',
    query: new Map(query),
    headers,
    caller,
    sourceIp: (message.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    time,
    body,
  };
  const limit = TRANSFERS.has(route.operation) ? readTrafficLimit(request) : undefined;
  let delayMs = 0;
  const onDelay = (ms: number) => {
    delayMs += ms;
  };
  const limited = limit ? { ...request, body: throttled(body, limit, oss.clock, onDelay) } : request;
  const bucket = oss.store.find(request.bucket);
  const cors = corsHeadersOf(request, bucket);
  try {
    admit(request, route, bucket);
    const reply = await route.handle(limited, bucket!, oss);
    return {
      ...(limit ? throttledReply(reply, limit, oss.clock) : reply),
      headers: { ...cors, ...delayHeader(limit, delayMs), ...reply.headers, ...(await publish(reply, oss)) },
    };
  } catch (error) {
    // A browser can read an error only with these headers.
    if (error instanceof OssRefusal) throw error.with(cors);
    throw error;
  }
}

/** sdk: how long the limit delayed an upload, in milliseconds. */
function delayHeader(limit: number | undefined, delayMs: number): Record<string, string> {
  return limit === undefined ? {} : { 'x-oss-qos-delay-time': String(Math.round(delayMs)) };
}

/** doc: the operations whose bandwidth a request may limit. */
const TRANSFERS: ReadonlySet<string> = new Set([
  'PutObject',
  'AppendObject',
  'PostObject',
  'CopyObject',
  'UploadPart',
  'UploadPartCopy',
  'GetObject',
]);

/** Throws if the bucket exists in another region than the host names. */
function checkHost(host: string, { bucket = '' }: Address, { region, store }: OssContext): void {
  const named = regionOf(host);
  if (named === undefined || named === region || !store.find(bucket)) return;
  throw new OssRefusal('AccessDenied', {
    message:
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
    elements: { Bucket: bucket, Endpoint: `oss-${region}.aliyuncs.com` },
    ec: '0003-00001403',
  });
}

/** The sender of a request and what it addresses. sdk: a missing bucket is reported before an unknown access key. */
function identify(request: SignedRequest, readings: readonly Address[], oss: OssContext) {
  // A browser signs no preflight request, and what it sends in its place counts for nothing.
  if (request.method === 'OPTIONS') return { caller: { kind: 'anonymous' } as const, address: readings[0]! };
  try {
    return authenticate(request, readings, oss);
  } catch (error) {
    const { bucket, key } = readings[0]!;
    const configures = request.query.some(([name, value]) => value === '' && name !== 'acl');
    const creates = request.method === 'PUT' && key === undefined && !configures;
    if (!(error instanceof OssRefusal) || error.code !== 'InvalidAccessKeyId' || !bucket || creates)
      throw error;
    if (oss.store.find(bucket)) throw error;
    throw noSuchBucket(bucket);
  }
}

/** The body of a request. After one whose end may be understood in two ways, nothing more is read. */
function frame(message: IncomingMessage, onLast: () => void): AsyncIterable<Buffer> {
  try {
    const { body, isLast } = readFraming(message);
    if (isLast) onLast();
    return body;
  } catch (error) {
    onLast();
    throw error;
  }
}

/** Throws unless the bucket exists and the caller may do this to it. */
function admit(request: OssRequest, route: Route, bucket: BucketStore | undefined): void {
  const { level, operation, access } = route;
  const creates = operation === 'PutBucket' || operation === 'PutBucketAcl';
  if (level !== 'service' && !bucket && !creates) throw noSuchBucket(request.bucket);
  authorize(request, route, bucket);
  if (bucket && access === 'read') checkReferer(request, bucket);
}

/** doc: headers that say whether the events of an operation reached MNS; absent if no rule matched. */
async function publish({ changes = [] }: Reply, { events }: OssContext): Promise<Record<string, string>> {
  const outcomes = await Promise.all(changes.map((change) => events.emit(change)));
  const matched = outcomes.filter((outcome) => outcome !== 'unmatched');
  if (matched.length === 0) return {};
  const ok = !matched.includes('failed');
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
  return {
    'x-oss-event-status': encode({ Result: ok ? 'Ok' : 'Fail' }),
    'x-oss-process-status': encode({
      code: ok ? 'Success' : 'Fail',
      message: ok ? 'NotificationSucceed' : 'NotificationFailed',
      type: 'EventNotification',
      version: '1.0',
    }),
  };
}

function asRefusal(error: unknown, requestId: string, { logger }: OssContext): OssRefusal {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ECONNRESET') return new OssRefusal('RequestTimeout', { cause: error });
  return toRefusal(error, OssRefusal, 'InternalError', { logger, requestId });
}
