import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { decodeHeaders } from '../../shared/runtime/http.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import { readBody } from '../../shared/runtime/request-body.ts';
import type { KeyHolder } from '../access/keyring.ts';
import { type RpcCall, type RpcRequest, readRpcCall } from '../access/rpc.ts';
import { upperUuid } from '../http/ids.ts';
import { writeJson } from '../http/json.ts';
import { toRefusal } from '../http/refusal.ts';
import { RamRefusal } from './errors.ts';
import type { OperationDeps, Parameters } from './operations/operation.ts';
import { ROUTES, type Route } from './routes.ts';

export interface ListenerDeps extends OperationDeps {
  readonly verify: (request: RpcRequest, call: RpcCall) => KeyHolder;
  readonly logger: Logger;
}

const MAX_BODY_BYTES = 256 * 1024;

/** RAM, STS and resource manager in RPC style: the version of the API tells which of them is meant. */
export function createListener(deps: ListenerDeps): RequestListener {
  const { random, logger } = deps;
  return (request, response) => {
    const requestId = upperUuid(random);
    serve(request, deps)
      .then((fields) => writeJson(response, 200, { RequestId: requestId, ...fields }))
      .catch((error: unknown) => {
        writeRefusal(
          request,
          response,
          toRefusal(error, RamRefusal, 'InternalError', { logger, requestId }),
          requestId,
        );
      });
  };
}

async function serve(incoming: IncomingMessage, deps: ListenerDeps): Promise<object> {
  const { method = '', url: target = '/' } = incoming;
  const body = await readBody(incoming, {
    maxBytes: MAX_BODY_BYTES,
    refuse: () => new RamRefusal('InvalidParameter', 'The body is too large.'),
  });
  const request = { method, target, headers: decodeHeaders(incoming.headers), body };
  const call = readRpcCall(request);
  const caller = deps.verify(request, call);
  const route = routeOf(call);
  authorize(route, call.parameters, caller);
  return route.handle(call.parameters, deps, caller);
}

function routeOf({ action, version }: RpcCall): Route {
  const api = Object.hasOwn(ROUTES, version) ? ROUTES[version] : undefined;
  if (!api)
    throw new RamRefusal(
      'InvalidVersion',
      `No API of the local cloud has the version ${version || '(none)'}.`,
    );
  const route = Object.hasOwn(api, action) ? api[action] : undefined;
  if (route) return route;
  throw new RamRefusal(
    'NotImplemented',
    `The local cloud has no operation ${action || '(none)'} of version ${version}.`,
  );
}

function authorize(
  { action, resource }: Route,
  parameters: Parameters,
  { accountId, permits }: KeyHolder,
): void {
  if (action === '' || !permits) return;
  const path = resource(parameters);
  if (permits({ action, resource: `acs:ram::${accountId}:${path}` })) return;
  // The wording is that of recorded answers.
  throw new RamRefusal(
    'NoPermission',
    `You are not authorized to do this action. Resource: acs:ram:*:${accountId}:${path} Action: ${action}`,
  );
}

export function writeRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code, message }: RamRefusal,
  requestId: string,
): void {
  const host = request.headers.host ?? '';
  writeJson(response, status, { RequestId: requestId, HostId: host, Code: code, Message: message });
}
