import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { decodeHeaders } from '../../shared/runtime/http.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { readBody } from '../../shared/runtime/request-body.ts';
import type { KeyHolder, Keyring } from '../access/keyring.ts';
import { hexId } from '../http/ids.ts';
import { toRefusal } from '../http/refusal.ts';
import { authenticate } from './authenticate.ts';
import { LogRefusal } from './errors.ts';
import type { LogAnswer, LogRequest, OperationDeps } from './operations/operation.ts';
import { findRoute, projectIn, type Route } from './routes.ts';

export interface ListenerDeps extends OperationDeps {
  readonly keyring: Keyring;
  readonly random: Random;
  readonly logger: Logger;
}

const MAX_BODY_BYTES = 1024 * 1024;

export function createListener(deps: ListenerDeps): RequestListener {
  const { random, logger } = deps;
  return (request, response) => {
    const requestId = hexId(random, 24);
    serve(request, deps)
      .then((answer) => write(response, 200, answer, requestId))
      .catch((error: unknown) => {
        writeRefusal(
          response,
          toRefusal(error, LogRefusal, 'InternalServerError', { logger, requestId }),
          requestId,
        );
      });
  };
}

async function serve(incoming: IncomingMessage, deps: ListenerDeps): Promise<LogAnswer> {
  const { method = '', url: target = '/' } = incoming;
  const headers = decodeHeaders(incoming.headers);
  const body = await readBody(incoming, {
    maxBytes: MAX_BODY_BYTES,
    refuse: () => new LogRefusal('PostBodyInvalid', `the body is larger than ${MAX_BODY_BYTES} bytes`),
  });
  const project = projectIn(headers.host ?? '');
  const match = findRoute(method, target, project);
  if (!match) {
    throw new LogRefusal(
      'NotImplemented',
      `the local cloud has no operation ${method} ${target.split('?')[0]}`,
    );
  }
  const holder = authenticate({ method, target, headers, body }, deps.keyring);
  const request = { project, logstore: match.logstore, query: queryOf(target), body };
  authorize(match.route, request, holder, deps);
  return match.route.handle(request, deps);
}

/** doc: resources of policies for Log Service. */
function authorize(
  { action, inProject }: Route,
  { project, logstore }: LogRequest,
  { accountId, permits }: KeyHolder,
  { keyring, region }: ListenerDeps,
): void {
  const path = `project/${inProject ? project : '*'}${logstore === '' ? '' : `/logstore/${logstore}`}`;
  const resource = `acs:log:${region}:${accountId}:${path}`;
  if (accountId === keyring.owner.accountId && (permits?.({ action, resource }) ?? true)) return;
  throw new LogRefusal('Unauthorized', `denied by sts or ram, action: ${action}, resource: ${resource}`);
}

function queryOf(target: string): Map<string, string> {
  return new Map(new URL(target, 'http://log').searchParams);
}

function write(
  response: ServerResponse,
  status: number,
  { body, headers }: LogAnswer,
  requestId: string,
): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    server: 'aliyun-log',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-log-requestid': requestId,
    // sdk: the size before compression, which nobody asked for here.
    'x-log-bodyrawsize': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

export function writeRefusal(response: ServerResponse, refusal: LogRefusal, requestId: string): void {
  const body = { errorCode: refusal.code, errorMessage: refusal.message };
  write(response, refusal.status, { body }, requestId);
}
