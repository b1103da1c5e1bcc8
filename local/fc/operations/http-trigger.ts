import { parseJson } from '../../../shared/runtime/json.ts';
import { FcRefusal } from '../errors.ts';
import type { Target } from '../invocations/index.ts';
import { type HttpTriggerConfig, readTriggerConfig } from '../settings/trigger.ts';
import type { FunctionRecord } from '../store/records.ts';
import { acceptIfAsync } from './invoke-function.ts';
import {
  type FcAnswer,
  type FcRequest,
  functionOf,
  type Operation,
  type OperationDeps,
} from './operation.ts';

/** A request to the address of a trigger. */
export const httpTrigger: Operation = async (request, deps) => {
  const record = functionOf(request, deps);
  const { trigger: name = '' } = request.params;
  const trigger = record.triggers.find(
    ({ triggerName, triggerType }) => triggerName === name && triggerType === 'http',
  );
  if (!trigger)
    throw new FcRefusal('TriggerNotFound', `function '${record.name}' has no HTTP trigger '${name}'`);
  const read = readTriggerConfig(trigger);
  if (read.type === 'http') checkAccess(request, record, read.config, deps);
  return answer(request, { name: record.name, qualifier: trigger.qualifier }, deps);
};

/** A request to the address of 2.0. A function that was not deployed has no triggers, and takes it without a signature. */
export const httpTrigger2: Operation = async (request, deps) => {
  const record = functionOf(request, deps);
  const { qualifier = 'LATEST' } = request.params;
  if ('folder' in record.latest.code) return answer(request, { name: record.name, qualifier }, deps);
  const first = record.triggers.find(({ triggerType }) => triggerType === 'http');
  return httpTrigger({ ...request, params: { ...request.params, trigger: first?.triggerName ?? '' } }, deps);
};

/** doc: `authType` function wants a signature; anonymous is a choice. */
function checkAccess(
  request: FcRequest,
  record: FunctionRecord,
  { authType, methods }: HttpTriggerConfig,
  deps: OperationDeps,
): void {
  const method = request.incoming.method ?? '';
  if (!methods.some((allowed) => allowed === method)) {
    throw new FcRefusal('MethodNotAllowed', `the trigger takes ${methods.join(', ')}, not ${method}`);
  }
  if (authType === 'anonymous') return;
  const caller = deps.verify(request);
  deps.authorize({ ...request, caller }, 'fc:InvokeFunction', `functions/${record.name}`);
}

async function answer(request: FcRequest, target: Required<Target>, deps: OperationDeps): Promise<FcAnswer> {
  const { incoming, body, target: address } = request;
  const event = eventOf(request, deps);
  const accepted = await acceptIfAsync(request, target, event, deps);
  if (accepted) return accepted;
  const query = new URL(address, 'http://fc').search;
  const passed = await deps.invocations.pass(target, {
    method: incoming.method ?? 'GET',
    target: `${request.params.path || '/'}${query}`,
    headers: incoming.headers,
    body,
  });
  if (passed !== 'event') return { ...passed, headers: withoutHops(passed.headers) };
  const { errorType, body: result } = await deps.invocations.invoke(target, event);
  if (errorType === undefined) return replyOf(result);
  // guess: the status of an HTTP trigger whose function failed.
  return {
    status: 502,
    headers: { 'x-fc-error-type': errorType, 'content-type': 'application/json' },
    body: result,
  };
}

/** The event of an HTTP trigger, "v1". doc: header names keep their case, repeated values are joined by commas. */
function eventOf({ incoming, target, body, params }: FcRequest, deps: OperationDeps): Buffer {
  const { accountId, newId, clock } = deps;
  const { searchParams } = new URL(target, 'http://fc');
  const host = incoming.headers.host ?? '';
  const now = clock.now();
  const path = params.path || '/';
  const event = {
    version: 'v1',
    rawPath: path,
    body: body.toString('base64'),
    isBase64Encoded: true,
    headers: joined(pairsOf(incoming.rawHeaders)),
    queryParameters: joined(searchParams),
    requestContext: {
      accountId,
      domainName: host,
      domainPrefix: host.split('.')[0],
      requestId: newId(),
      time: new Date(now).toISOString(),
      timeEpoch: String(now),
      http: {
        method: incoming.method,
        path: decodeURIComponent(path),
        protocol: `HTTP/${incoming.httpVersion}`,
        sourceIp: incoming.socket.remoteAddress,
        userAgent: incoming.headers['user-agent'] ?? '',
      },
    },
  };
  return Buffer.from(JSON.stringify(event));
}

function* pairsOf(rawHeaders: readonly string[]): Iterable<readonly [string, string]> {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    yield [rawHeaders[index]!, rawHeaders[index + 1]!];
  }
}

function joined(pairs: Iterable<readonly [string, string]>): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of pairs) values[name] = name in values ? `${values[name]},${value}` : value;
  return values;
}

interface HttpReply {
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly isBase64Encoded?: boolean;
  readonly body?: string;
}

/** doc: a result that does not have the shape `{statusCode, headers, body}` is sent unchanged, with status 200. */
function replyOf(result: Buffer): FcAnswer {
  const reply = readReply(result);
  if (!reply) return { status: 200, body: result };
  const { statusCode, headers, isBase64Encoded, body = '' } = reply;
  return { status: statusCode, headers, body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') };
}

function readReply(result: Buffer): HttpReply | undefined {
  const value = parseJson(result.toString()) as HttpReply | null | undefined;
  return value && Number.isInteger(value.statusCode) ? value : undefined;
}

/** Headers that concern the connection to the program alone. */
function withoutHops(headers: FcAnswer['headers']): FcAnswer['headers'] {
  const {
    connection: _,
    'keep-alive': _keep,
    'transfer-encoding': _encoding,
    'content-length': _length,
    ...rest
  } = headers ?? {};
  return rest;
}
