import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { authenticate } from './auth/authenticate.ts';
import { authorize } from './auth/authorize.ts';
import { checkReferer } from './auth/referer.ts';
import { isOssError, OssError } from './errors.ts';
import { findRoute } from './find-route.ts';
import { readAddress } from './http/address.ts';
import { splitTarget } from './http/query.ts';
import { dropReply, errorReply, type Reply, sendReply } from './http/reply.ts';
import { decodeHeaders, type OssRequest, toMap } from './http/request.ts';
import { corsHeadersOf } from './operations/cors.ts';
import type { Route } from './routes.ts';
import { newRequestId, type OssServer } from './context.ts';
import { noSuchBucket } from './store/bucket.ts';

/**
 * One request from its first byte to its last: who asks for what, may they, do it, tell the event rules, answer.
 * Whatever an answer says has happened is on disk before it is sent, its events too.
 */
export function createListener(oss: OssServer): RequestListener {
  return (message, response) => {
    void serve(message, response, oss);
  };
}

async function serve(message: IncomingMessage, response: ServerResponse, oss: OssServer): Promise<void> {
  const id = newRequestId(oss.random);
  const time = oss.clock.now();
  const head = message.method === 'HEAD';
  giveUpWhenIdle(message, response, oss.idleTimeoutMs);
  let reply: Reply;
  try {
    reply = await answer(message, id, time, oss);
  } catch (error) {
    reply = errorReply(asOssError(error, id, oss), { requestId: id, host: message.headers.host ?? '', head });
  }
  try {
    await sendReply(response, reply, {
      requestId: id,
      time: oss.clock.now(),
      elapsedMs: oss.clock.now() - time,
      head,
    });
  } catch (error) {
    // The client went away, or a file could not be read: the answer has begun, so only the connection can tell.
    oss.logger.debug({ requestId: id, cause: String(error) }, 'answer was not taken');
    dropReply(reply);
    response.destroy();
  }
}

async function answer(message: IncomingMessage, id: string, time: number, oss: OssServer): Promise<Reply> {
  const headers = decodeHeaders(message);
  const method = message.method ?? '';
  const { path, query } = splitTarget(message.url ?? '/');
  const names = oss.store.all().map(({ record }) => record.name);
  const readings = readAddress(headers.host ?? '', path, names);
  const { caller, address } = authenticate({ method, query, headers, time }, readings, oss.keyring);
  const route = findRoute({ method, query, headers }, address);
  const request: OssRequest = {
    id,
    method,
    bucket: address.bucket ?? '',
    key: address.key ?? '',
    query: toMap(query),
    headers,
    caller,
    sourceIp: (message.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    time,
    // Left open when reading ends early: the answer goes over the same connection.
    body: message.iterator({ destroyOnReturn: false }),
  };
  const bucket = oss.store.find(request.bucket);
  const cors = corsHeadersOf(request, bucket);
  try {
    admit(request, route, oss);
    const reply = await route.handle(request, oss);
    return { ...reply, headers: { ...cors, ...reply.headers, ...(await publish(reply, oss)) } };
  } catch (error) {
    // A browser may read an error only when it carries these too.
    if (error instanceof OssError) throw error.with(cors);
    throw error;
  }
}

/** Throws unless the bucket exists and the caller may do this to it. */
function admit(request: OssRequest, route: Route, oss: OssServer): void {
  const { level, operation, access } = route;
  const bucket = oss.store.find(request.bucket);
  const creates = operation === 'PutBucket' || operation === 'PutBucketAcl';
  if (level !== 'service' && !bucket && !creates) throw noSuchBucket(request.bucket);
  authorize(request, route, bucket);
  if (bucket && access === 'read') checkReferer(request, bucket);
}

/** doc: headers that tell whether the events of an operation reached MNS; absent when no rule matched. */
async function publish({ changes = [] }: Reply, { events }: OssServer): Promise<Record<string, string>> {
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

function asOssError(error: unknown, requestId: string, oss: OssServer): OssError {
  if (isOssError(error)) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ECONNRESET') return new OssError('RequestTimeout', { cause: error });
  oss.logger.error(
    { requestId, cause: error instanceof Error ? error.stack : String(error) },
    'operation failed',
  );
  return new OssError('InternalError', { cause: error });
}

/**
 * Closes a connection whose client neither sends what it announced nor takes what it asked for; what it was sending
 * is thrown away. The time that the server itself takes does not count. Node destroys sockets that time out.
 */
function giveUpWhenIdle(message: IncomingMessage, response: ServerResponse, idleTimeoutMs: number): void {
  const { socket, headers } = message;
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
    socket.setTimeout(idleTimeoutMs);
    message.once('end', () => socket.setTimeout(0));
  }
  response.once('pipe', () => socket.setTimeout(idleTimeoutMs));
}
