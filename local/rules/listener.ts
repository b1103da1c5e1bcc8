import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { createAcs3Verifier, type VerifyAcs3 } from '../access/acs3.ts';
import { hexId } from '../mns/receipt-handle.ts';
import type { EventRules } from './index.ts';
import type { FindTemporaryCredential } from '../access/sts.ts';
import type { Account } from '../access/account.ts';
import { type Action, createActions } from './operations/index.ts';
import { MnsOpenRefusal } from './errors.ts';

export interface MnsOpenOptions {
  readonly rules: Pick<EventRules, 'create' | 'get' | 'list' | 'delete'>;
  /** The first one owns the rules. */
  readonly accounts: readonly Account[];
  /** Looks up the access keys that STS gave out. */
  readonly temporaryCredentials?: FindTemporaryCredential | undefined;
  readonly checkSignatures: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const VERSION = '2022-01-19';
const MAX_BODY_BYTES = 64 * 1024;

/** The management API of MNS for event rules, in RPC style: what Terraform and the API SDKs call. */
export function createMnsOpen(options: MnsOpenOptions): RequestListener {
  const { rules, accounts, checkSignatures, random, logger } = options;
  const actions = createActions(rules);
  const verify = checkSignatures ? createAcs3Verifier(options) : undefined;
  return (request, response) => {
    const requestId = requestIdOf(random);
    serve(request)
      .then((data) => write(response, 200, success(requestId, data)))
      .catch((error: unknown) => {
        const refusal = error instanceof MnsOpenRefusal ? error : new MnsOpenRefusal('InternalError');
        if (refusal !== error) logger.error({ requestId, err: error }, 'request failed');
        const { code, message } = refusal;
        const host = request.headers.host ?? '';
        write(response, refusal.status, { RequestId: requestId, HostId: host, Code: code, Message: message });
      });
  };

  async function serve(request: IncomingMessage): Promise<unknown> {
    const body = await readBody(request);
    if (verify) authenticate(request, body, verify);
    if (request.headers['x-acs-version'] !== VERSION) throw new MnsOpenRefusal('InvalidVersion');
    return actionOf(request)(parametersOf(request, body));
  }

  function authenticate(request: IncomingMessage, body: Buffer, verifyRequest: VerifyAcs3): void {
    const { method = '', url: target = '/' } = request;
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const verdict = verifyRequest({ method, target, headers, body });
    if (typeof verdict === 'string') throw new MnsOpenRefusal(verdict);
    if (verdict.accountId !== accounts[0]?.accountId) throw new MnsOpenRefusal('NoPermission');
  }

  function actionOf(request: IncomingMessage): Action {
    const name = openOperationOf(request) ?? '';
    const found = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (request.method !== 'POST' || !found) throw new MnsOpenRefusal('InvalidAction.NotFound');
    return found.run;
  }
}

/** The action that a request names; `undefined` when it is none of this API. */
export function openOperationOf(request: IncomingMessage): string | undefined {
  const action = request.headers['x-acs-action'];
  return typeof action === 'string' ? action : undefined;
}

/** doc: parameters stand in the query; sdk: generated SDKs may send them as a form. */
function parametersOf(request: IncomingMessage, body: Buffer): Map<string, string> {
  const query = new URL(request.url ?? '/', 'http://mns-open').searchParams;
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

/** As the gateway writes them: a UUID in upper case. */
function requestIdOf(random: Random): string {
  return hexId(random, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new MnsOpenRefusal('InvalidParameter', 'The body is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function write(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'Content-Type': 'application/json;charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
    })
    .end(text);
}
