import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import { decodeHeaders } from '../../shared/runtime/http.ts';
import { readBody } from '../../shared/runtime/request-body.ts';
import { writeXml } from '../../shared/runtime/xml.ts';
import { acs3ActionOf } from '../access/acs3.ts';
import { upperUuid } from '../http/ids.ts';
import { writeJson } from '../http/json.ts';
import { missingPackageOf } from '../http/missing-package.ts';
import { toRefusal } from '../http/refusal.ts';
import type { Authenticate } from './authenticate.ts';
import { FaceBodyRefusal } from './errors.ts';
import type { FaceBodyFault, FaceBodyFaultQueue } from './faults.ts';
import { readForm } from './form.ts';
import type { Pictures } from './pictures.ts';
import type { Quotas } from './quotas.ts';
import { ROUTES } from './routes.ts';
import type { Statistics } from './statistics.ts';
import type { Galleries } from './store/galleries.ts';
import type { Uploads } from './store/uploads.ts';

export interface ListenerDeps extends RuntimeDeps {
  readonly authenticate: Authenticate;
  readonly quotas: Quotas;
  readonly faults: FaceBodyFaultQueue;
  readonly statistics: Statistics;
  readonly uploads: Uploads;
  readonly pictures: Pictures;
  readonly galleriesOf: (accountId: string) => Galleries;
}

/** Room for the largest upload and its form. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const VERSION = '2019-12-30';
const PLATFORM_VERSION = '2019-12-19';
const AUTHORIZE = 'AuthorizeFileUpload';
const UPLOAD = 'PostObject';

/** What operations on pictures load when the first one comes. */
const FACE_PACKAGES = ['sharp', 'onnxruntime-node', 'faceplugin-face-recognition-js', '@vladmandic/face-api'];

/** One server in three roles: the API, the open platform that authorizes uploads, and the bucket that stores them. */
export function createListener(deps: ListenerDeps): RequestListener {
  const { random, logger, statistics } = deps;
  return (request, response) => {
    const requestId = upperUuid(random);
    const action = acs3ActionOf(request);
    readBody(request, { maxBytes: MAX_BODY_BYTES, refuse: () => new FaceBodyRefusal('InvalidFile.Size') })
      .then((body) => {
        if (action === undefined) return serveFile(request, response, body, deps);
        return serveAction(action, request, response, body, requestId, deps);
      })
      .catch((error: unknown) => {
        if (response.destroyed || response.headersSent) return;
        const refusal = toRefusal(orNotInstalled(error), FaceBodyRefusal, 'InternalError', {
          logger,
          requestId,
          action,
        });
        statistics.failed(action ?? UPLOAD, refusal.code);
        writeRefusal(request, response, refusal, requestId);
      });
  };
}

/** A cloud that is installed without its optional packages answers 501 to operations on pictures. */
function orNotInstalled(error: unknown): unknown {
  const missing = missingPackageOf(error);
  if (missing === undefined) return error;
  const message = `The package ${missing} is not installed. FaceBody needs it: npm install ${FACE_PACKAGES.join(' ')}`;
  return new FaceBodyRefusal('NotImplemented', { message, cause: error });
}

async function serveAction(
  action: string,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  requestId: string,
  deps: ListenerDeps,
): Promise<void> {
  const { authenticate, quotas, statistics, faults, uploads, pictures, galleriesOf, clock } = deps;
  const { method = '', url: target = '/' } = request;
  const headers = decodeHeaders(request.headers);
  const host = hostOf(request);
  statistics.received(action);
  const { accountId, permits } = authenticate({ method, target, headers, body });
  const operation = Object.hasOwn(ROUTES, action) ? ROUTES[action] : undefined;
  const expected = action === AUTHORIZE ? PLATFORM_VERSION : VERSION;
  if (headers['x-acs-version'] !== expected) throw new FaceBodyRefusal('InvalidVersion');
  if (action !== AUTHORIZE && !operation) throw new FaceBodyRefusal('InvalidAction.NotFound');
  // doc: FaceBody has no resources, so policies name all of them.
  if (permits && operation && !permits({ action: `viapi-facebody:${action}`, resource: '*' })) {
    throw new FaceBodyRefusal('NoPermission', `The role is not allowed to perform viapi-facebody:${action}.`);
  }
  // doc: authorizations have a quota of their own; guess: it is not that of one account's FaceBody.
  if (action !== AUTHORIZE && !quotas.take(accountId, action)) throw new FaceBodyRefusal('Throttling');

  const fault = faults.next(action);
  if (fault?.kind === 'latency') await clock.sleep(fault.ms);
  else if (fault) return answerWith(fault, response, requestId);

  const publish = (bytes: Buffer) => `http://${host}/${uploads.publish(bytes)}`;
  const galleries = galleriesOf(accountId);
  const answer = operation
    ? { Data: await operation({ form: readForm(body), host, galleries, pictures, publish }) }
    : uploads.authorize(host);
  statistics.answered(action);
  writeJson(response, 200, { RequestId: requestId, ...answer });
}

function answerWith(fault: FaceBodyFault, response: ServerResponse, requestId: string): void {
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

/** sdk: an upload is a signed form, answered with 201 and a document. */
async function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  { uploads, statistics }: ListenerDeps,
): Promise<void> {
  if (request.method === 'POST') {
    statistics.received(UPLOAD);
    const { key } = await uploads.accept(request.headers, body);
    statistics.answered(UPLOAD);
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

/** sdk: with an empty bucket, the host name begins with a dot. */
function hostOf(request: IncomingMessage): string {
  return (request.headers.host ?? '').replace(/^\./, '');
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
