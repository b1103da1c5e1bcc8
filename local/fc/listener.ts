import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { decodeHeaders } from '../../shared/runtime/http.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import { readBody } from '../../shared/runtime/request-body.ts';
import { toRefusal } from '../http/refusal.ts';
import type { Authenticate } from './authenticate.ts';
import { FcRefusal } from './errors.ts';
import type { FcAnswer, FcRequest, OperationDeps } from './operations/operation.ts';
import { findRoute, type Match } from './routes.ts';

export interface ListenerDeps extends Omit<OperationDeps, 'authorize' | 'verify'> {
  readonly authenticate: Authenticate;
  readonly logger: Logger;
}

/** Larger than any event may be, so that the operation refuses a larger one by its size. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export function createListener(deps: ListenerDeps): RequestListener {
  const { logger, newId } = deps;
  const operationDeps: OperationDeps = {
    ...deps,
    authorize: (request, action, resource) => authorize(request, action, resource, deps),
    verify: ({ incoming, target, headers, body }) =>
      deps.authenticate({ method: incoming.method ?? '', target, headers, body }, 'trigger'),
  };
  return (request, response) => {
    const match = findRoute(request.method ?? 'GET', request.url ?? '/');
    serve(request, match, deps, operationDeps)
      .then((answer) => write(response, answer, newId()))
      .catch((error: unknown) => {
        if (response.destroyed || response.headersSent) return;
        const refusal = toRefusal(error, FcRefusal, 'InternalServerError', { logger, url: request.url });
        write(response, refusalAnswer(refusal, match, newId()), newId());
      });
  };
}

async function serve(
  incoming: IncomingMessage,
  match: Match | undefined,
  { authenticate, store }: ListenerDeps,
  deps: OperationDeps,
): Promise<FcAnswer> {
  const body = await readBody(incoming, {
    maxBytes: MAX_BODY_BYTES,
    refuse: () => new FcRefusal('InvalidArgument', 'the request is too large'),
  });
  const { method = '', url: target = '/' } = incoming;
  if (!match) {
    throw new FcRefusal(
      'NotImplemented',
      `the local cloud has no operation ${method} ${target.split('?')[0]}`,
    );
  }
  const { route, params } = match;
  const headers = decodeHeaders(incoming.headers);
  const caller =
    route.api === 'none' ? undefined : authenticate({ method, target, headers, body }, route.api);
  const query = new Map(new URL(target, 'http://fc').searchParams);
  const request = { incoming, target, headers, query, body, params, caller };
  if (route.action) deps.authorize(request, route.action, resourceOf(params));
  if (params.service !== undefined) checkService(params.service, store.get(params.function ?? '').service);
  return route.handle(request, deps);
}

/** doc: the part of a resource after the account. */
function resourceOf({ function: name }: Readonly<Record<string, string>>): string {
  return name === undefined ? 'functions/*' : `functions/${name}`;
}

/** @param resource after the account, or as a whole */
function authorize(
  { caller }: Pick<FcRequest, 'caller'>,
  action: string,
  resource: string,
  { region, accountId }: ListenerDeps,
): void {
  if (!caller) return;
  const arn = resource.startsWith('acs:') ? resource : `acs:fc:${region}:${accountId}:${resource}`;
  const isOwner = caller.accountId === accountId;
  if (isOwner && (caller.permits?.({ action, resource: arn }) ?? true)) return;
  throw new FcRefusal(
    'AccessDenied',
    `the caller is not authorized to perform '${action}' on resource '${arn}'`,
  );
}

function checkService(named: string, actual: string | undefined): void {
  if (actual === undefined || named === actual) return;
  throw new FcRefusal('ServiceNotFound', `service '${named}' does not exist`);
}

function refusalAnswer(
  { code, message, status }: FcRefusal,
  match: Match | undefined,
  requestId: string,
): FcAnswer {
  // sdk: each version has its own names for the fields.
  const isOld = match?.route.api === '2.0' || match?.route.path.startsWith('/2016-08-15/');
  const body = isOld
    ? { ErrorCode: code, ErrorMessage: message }
    : { Code: code, Message: message, RequestId: requestId };
  return { status, headers: { 'x-fc-request-id': requestId }, body };
}

function write(response: ServerResponse, { status, headers = {}, body }: FcAnswer, requestId: string): void {
  const isJson = body !== undefined && !Buffer.isBuffer(body);
  const bytes = isJson ? Buffer.from(JSON.stringify(body)) : (body as Buffer | undefined);
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  response.writeHead(status ?? (body === undefined ? 204 : 200), {
    'x-fc-request-id': requestId,
    ...(isJson && { 'content-type': 'application/json' }),
    ...(bytes && { 'content-length': bytes.length }),
    ...(given as Record<string, string>),
  });
  response.end(bytes);
}
