import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { decodeHeaders } from '../../shared/runtime/http.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import { readBody } from '../../shared/runtime/request-body.ts';
import { toRefusal } from '../http/refusal.ts';
import type { Authenticate } from './authenticate.ts';
import { FcRefusal } from './errors.ts';
import type { OperationDeps } from './operations/operation.ts';
import { findRoute, type Match } from './routes.ts';

export interface ListenerDeps extends OperationDeps {
  readonly authenticate: Authenticate;
  readonly logger: Logger;
}

/** Larger than any event may be, so that the operation refuses a larger one by its size. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export function createListener(deps: ListenerDeps): RequestListener {
  const { logger, newId } = deps;
  return (request, response) => {
    const match = findRoute(request.method ?? 'GET', request.url ?? '/');
    serve(request, response, match, deps).catch((error: unknown) => {
      if (response.destroyed || response.headersSent) return;
      const refusal = toRefusal(error, FcRefusal, 'InternalServerError', { logger, url: request.url });
      writeRefusal(response, refusal, match, newId());
    });
  };
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  match: Match | undefined,
  deps: ListenerDeps,
): Promise<void> {
  const body = await readBody(incoming, {
    maxBytes: MAX_BODY_BYTES,
    refuse: () => new FcRefusal('InvalidArgument', 'the event is too large'),
  });
  if (!match) return void response.writeHead(404).end();
  const { route, params } = match;
  const { method = '', url: target = '/' } = incoming;
  const headers = decodeHeaders(incoming.headers);
  if (route.operation === 'InvokeFunction') deps.authenticate({ method, target, headers, body }, route.api);
  const { name: functionName = '', service, path = '/' } = params;
  checkService(service, deps.functions.serviceOf(functionName));
  await route.handle({ incoming, target, headers, body, functionName, path }, response, deps);
}

function checkService(named: string | undefined, actual: string | undefined): void {
  if (named === undefined || actual === undefined || named === actual) return;
  throw new FcRefusal('ServiceNotFound', `service '${named}' does not exist`);
}

function writeRefusal(
  response: ServerResponse,
  { code, message, status }: FcRefusal,
  match: Match | undefined,
  requestId: string,
): void {
  // sdk: each version has its own names for the fields.
  const body =
    match?.route.api === '2.0'
      ? { ErrorCode: code, ErrorMessage: message }
      : { Code: code, Message: message, RequestId: requestId };
  response.writeHead(status, { 'x-fc-request-id': requestId, 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
