import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { writeXml } from '../../shared/runtime/xml.ts';
import type { Acs3Caller, Acs3SignedRequest } from '../access/acs3.ts';
import { FaceBodyRefusal } from './errors.ts';
import type { FaceBodyFault, FaceBodyFaultQueue } from './faults.ts';
import { readForm } from './form.ts';
import type { Galleries } from './store/galleries.ts';
import { newRequestId } from './ids.ts';
import { OPERATIONS } from './routes.ts';
import type { Pictures } from './pictures.ts';
import type { Quotas } from './quotas.ts';
import type { Statistics } from './statistics.ts';
import type { Uploads } from './store/uploads.ts';

export interface ListenerParts {
  readonly authenticate: (request: Acs3SignedRequest) => Acs3Caller;
  readonly quotas: Quotas;
  readonly faults: FaceBodyFaultQueue;
  readonly statistics: Statistics;
  readonly uploads: Uploads;
  readonly pictures: Pictures;
  readonly galleriesOf: (caller: Acs3Caller) => Galleries;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The largest upload, with its form around it. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const VERSION = '2019-12-30';
const PLATFORM_VERSION = '2019-12-19';
const AUTHORIZE = 'AuthorizeFileUpload';

/** One server in three roles: the API, the open platform that authorizes uploads, and the bucket that takes them. */
export function createListener(parts: ListenerParts): RequestListener {
  return (request, response) => {
    const requestId = newRequestId(parts.random);
    const action = operationOf(request);
    readBody(request)
      .then((body) => {
        if (action === undefined) return serveFile(request, response, body, parts);
        return serveAction(action, request, response, body, requestId, parts);
      })
      .catch((error: unknown) => {
        if (response.destroyed || response.headersSent) return;
        const refusal = error instanceof FaceBodyRefusal ? error : new FaceBodyRefusal('InternalError');
        if (refusal !== error) parts.logger.error({ requestId, action, err: error }, 'request failed');
        parts.statistics.failed(action ?? 'PostObject', refusal.code);
        writeRefusal(request, response, refusal, requestId);
      });
  };
}

/** The operation that a request names; `undefined` for uploads and downloads. */
export function operationOf(request: IncomingMessage): string | undefined {
  const action = request.headers['x-acs-action'];
  return typeof action === 'string' ? action : undefined;
}

async function serveAction(
  action: string,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  requestId: string,
  parts: ListenerParts,
): Promise<void> {
  const { authenticate, quotas, statistics, faults, uploads, pictures, galleriesOf, clock } = parts;
  const headers = textHeaders(request);
  const host = hostOf(request);
  statistics.received(action);
  const account = authenticate({ method: request.method ?? '', target: request.url ?? '/', headers, body });
  const operation = OPERATIONS[action];
  const expected = action === AUTHORIZE ? PLATFORM_VERSION : VERSION;
  if (headers['x-acs-version'] !== expected) throw new FaceBodyRefusal('InvalidVersion');
  if (action !== AUTHORIZE && !operation) throw new FaceBodyRefusal('InvalidAction.NotFound');
  // doc: authorizations are throttled by themselves; guess: not at the rates of one account's FaceBody.
  if (action !== AUTHORIZE && !quotas.take(account.accountId, action))
    throw new FaceBodyRefusal('Throttling');

  const fault = faults.next(action);
  if (fault?.kind === 'latency') await clock.sleep(fault.ms);
  else if (fault) return commitFault(fault, response, requestId);

  const answer = operation
    ? {
        Data: await operation({
          form: readForm(body),
          host,
          galleries: galleriesOf(account),
          pictures,
          publish: (bytes) => `http://${host}/${uploads.publish(bytes)}`,
        }),
      }
    : uploads.authorize(host);
  statistics.answered(action);
  writeJson(response, 200, { RequestId: requestId, ...answer });
}

function commitFault(fault: FaceBodyFault, response: ServerResponse, requestId: string): void {
  switch (fault.kind) {
    case 'error':
      throw new FaceBodyRefusal(fault.code);
    case 'page':
      response
        .writeHead(502, { 'content-type': 'text/html' })
        .end('<html><head><title>502 Bad Gateway</title></head></html>');
      return;
    case 'empty':
      response.writeHead(200).end();
      return;
    case 'no-data':
      writeJson(response, 200, { RequestId: requestId });
      return;
    case 'reset':
      response.destroy();
      return;
    case 'latency':
      return;
  }
}

/** sdk: an upload is a signed form, answered by 201 and a document. */
async function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  { uploads, statistics }: ListenerParts,
): Promise<void> {
  if (request.method === 'POST') {
    statistics.received('PostObject');
    const { key } = await uploads.accept(request.headers, body);
    statistics.answered('PostObject');
    const location = `http://${hostOf(request)}/${key}`;
    const document = writeXml('PostResponse', { Bucket: '', ETag: '""', Key: key, Location: location });
    response.writeHead(201, { 'content-type': 'application/xml' }).end(document);
    return;
  }
  const { pathname } = new URL(request.url ?? '/', 'http://facebody');
  const bytes = request.method === 'GET' ? uploads.get(pathname) : undefined;
  if (bytes) response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  else response.writeHead(404).end();
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new FaceBodyRefusal('InvalidFile.Size');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** sdk: with an empty bucket, the name of the host begins with a dot. */
function hostOf(request: IncomingMessage): string {
  return (request.headers.host ?? '').replace(/^\./, '');
}

function textHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );
}

export function writeRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code, message }: FaceBodyRefusal,
  requestId: string,
): void {
  const recommend = `https://next.api.aliyun.com/troubleshoot?q=${code}&product=facebody`;
  const ids = { RequestId: requestId, HostId: hostOf(request) };
  writeJson(response, status, { ...ids, Code: code, Message: message, Recommend: recommend });
}

function writeJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': 'application/json;charset=utf-8',
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}
