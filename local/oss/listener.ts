import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { decodeHeaders } from '../../shared/runtime/http.ts';
import { toRefusal } from '../http/refusal.ts';
import { authenticate } from './auth/authenticate.ts';
import { authorize } from './auth/authorize.ts';
import { checkReferer } from './auth/referer.ts';
import type { OssContext } from './context.ts';
import { OssRefusal } from './errors.ts';
import { findRoute } from './find-route.ts';
import { readAddress } from './http/address.ts';
import { splitTarget } from './http/query.ts';
import { dropReply, errorReply, type Reply, sendReply } from './http/reply.ts';
import type { OssRequest } from './http/request.ts';
import { newRequestId } from './ids.ts';
import { corsHeadersOf } from './operations/cors.ts';
import type { Route } from './routes.ts';
import { type BucketStore, noSuchBucket } from './store/bucket.ts';

/**
 * Handles a request: identify the sender and the operation, authorize, act, publish the events, answer. Everything that
 * an answer reports, events included, is on disk before the answer is sent.
 */
export function createListener(oss: OssContext): RequestListener {
  return (message, response) => {
    const id = newRequestId(oss.random);
    const time = oss.clock.now();
    closeWhenIdle(message, response, oss.idleTimeoutMs);
    void answer(message, id, time, oss)
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
  { clock, logger }: OssContext,
): Promise<void> {
  const now = clock.now();
  try {
    await sendReply(response, reply, {
      requestId: id,
      time: now,
      elapsedMs: now - time,
      head: method === 'HEAD',
    });
  } catch (error) {
    // The client disconnected, or a file could not be read: the status is sent, so only closing the connection shows it.
    logger.debug({ requestId: id, cause: String(error) }, 'answer was not delivered');
    dropReply(reply);
    response.destroy();
  }
}

function errorReplyTo({ method, headers }: IncomingMessage, refusal: OssRefusal, requestId: string): Reply {
  return errorReply(refusal, { requestId, host: headers.host ?? '', head: method === 'HEAD' });
}

async function answer(message: IncomingMessage, id: string, time: number, oss: OssContext): Promise<Reply> {
  const headers = decodeHeaders(message.headers);
  const method = message.method ?? '';
  const { path, query } = splitTarget(message.url ?? '/');
  const readings = readAddress(headers.host ?? '', path, oss.store.names());
  const { caller, address } = authenticate({ method, query, headers, time }, readings, oss.keyring);
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
    // Stays open if reading ends early: the answer needs the same connection.
    body: message.iterator({ destroyOnReturn: false }),
  };
  const bucket = oss.store.find(request.bucket);
  const cors = corsHeadersOf(request, bucket);
  try {
    admit(request, route, bucket);
    const reply = await route.handle(request, bucket!, oss);
    return { ...reply, headers: { ...cors, ...reply.headers, ...(await publish(reply, oss)) } };
  } catch (error) {
    // A browser can read an error only with these headers.
    if (error instanceof OssRefusal) throw error.with(cors);
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

/**
 * Closes a connection whose client neither sends the body that it announced nor reads the answer. Time that the server
 * itself takes does not count. Node destroys sockets that time out.
 */
function closeWhenIdle(message: IncomingMessage, response: ServerResponse, idleTimeoutMs: number): void {
  const { socket, headers } = message;
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
    socket.setTimeout(idleTimeoutMs);
    message.once('end', () => socket.setTimeout(0));
  }
  response.once('pipe', () => socket.setTimeout(idleTimeoutMs));
}
