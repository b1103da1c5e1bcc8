import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import { decodeHeaders } from '../../shared/runtime/http.ts';
import { readBody } from '../../shared/runtime/request-body.ts';
import { acs3ActionOf, type VerifyAcs3 } from '../access/acs3.ts';
import type { Keyring } from '../access/keyring.ts';
import { upperUuid } from '../http/ids.ts';
import { writeJson } from '../http/json.ts';
import { toRefusal } from '../http/refusal.ts';
import { RuleRefusal } from './errors.ts';
import { required } from './operations/operation.ts';
import { ROUTES } from './routes.ts';
import type { RuleBook } from './store/rule-book.ts';

export interface ListenerDeps extends Pick<RuntimeDeps, 'random' | 'logger'> {
  readonly rules: RuleBook;
  readonly keyring: Keyring;
  readonly verify: VerifyAcs3;
}

const VERSION = '2022-01-19';
const MAX_BODY_BYTES = 64 * 1024;

/** The management API of MNS for event rules, in RPC style: what Terraform and the API SDKs call. */
export function createListener(deps: ListenerDeps): RequestListener {
  const { random, logger } = deps;
  return (request, response) => {
    const requestId = upperUuid(random);
    serve(request, deps)
      .then((data) => writeJson(response, 200, success(requestId, data)))
      .catch((error: unknown) => {
        const refusal = toRefusal(error, RuleRefusal, 'InternalError', { logger, requestId });
        writeRefusal(request, response, refusal, requestId);
      });
  };
}

async function serve(request: IncomingMessage, { rules, keyring, verify }: ListenerDeps): Promise<unknown> {
  const { method = '', url: target = '/' } = request;
  const headers = decodeHeaders(request.headers);
  const body = await readBody(request, {
    maxBytes: MAX_BODY_BYTES,
    refuse: () => new RuleRefusal('InvalidParameter', 'The body is too large.'),
  });
  const name = acs3ActionOf(request) ?? '';
  const route = Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined;
  if (keyring.checkSignatures) {
    const { accountId, permits } = verify({ method, target, headers, body });
    if (accountId !== keyring.owner.accountId) throw new RuleRefusal('NoPermission');
    // guess: policies name no rule.
    if (route && permits && !permits({ action: route.action, resource: `acs:mns:*:${accountId}:*` })) {
      throw new RuleRefusal('NoPermission', `The role is not allowed to perform ${route.action}.`);
    }
  }
  if (headers['x-acs-version'] !== VERSION) throw new RuleRefusal('InvalidVersion');
  if (method !== 'POST' || !route) throw new RuleRefusal('InvalidAction.NotFound');
  const parameters = parametersOf(target, body);
  if (required(parameters, 'ProductName') !== 'oss') {
    throw new RuleRefusal('InvalidParameter', 'ProductName should be oss.');
  }
  return route.handle(parameters, rules);
}

/** doc: the query holds the parameters; sdk: generated SDKs may send them as a form. */
function parametersOf(target: string, body: Buffer): Map<string, string> {
  const query = new URL(target, 'http://mns-open').searchParams;
  return new Map([...query, ...new URLSearchParams(body.toString('utf8'))]);
}

function success(requestId: string, data: unknown) {
  return {
    RequestId: requestId,
    Code: 200,
    Status: 'Success',
    Message: 'operation success',
    Success: true,
    Data: data,
  };
}

export function writeRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code, message }: RuleRefusal,
  requestId: string,
): void {
  const host = request.headers.host ?? '';
  writeJson(response, status, { RequestId: requestId, HostId: host, Code: code, Message: message });
}
