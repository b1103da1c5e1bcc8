import type { ServerResponse } from 'node:http';
import { parseJson } from '../../../shared/runtime/json.ts';
import { acceptIfAsync, type FcRequest, type Operation, type OperationDeps } from './operation.ts';

/** guess: an HTTP trigger here is anonymous. */
export const httpTrigger: Operation = async (request, response, deps) => {
  const event = eventOf(request, deps);
  if (acceptIfAsync(request, event, response, deps)) return;
  const { errorType, body } = await deps.functions.invoke(request.functionName, event);
  if (errorType === undefined) return sendReply(response, body);
  // guess: the status of an HTTP trigger whose function failed.
  response.writeHead(502, { 'x-fc-error-type': errorType, 'content-type': 'application/json' }).end(body);
};

/** The event of an HTTP trigger, "v1". doc: header names keep their case, repeated values are joined by commas. */
function eventOf({ incoming, target, body, path }: FcRequest, deps: OperationDeps): Buffer {
  const { accountId, newId, clock } = deps;
  const { searchParams } = new URL(target, 'http://fc');
  const host = incoming.headers.host ?? '';
  const now = clock.now();
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
function sendReply(response: ServerResponse, result: Buffer): void {
  const reply = readReply(result);
  if (!reply) return void response.writeHead(200).end(result);
  const { statusCode, headers, isBase64Encoded, body = '' } = reply;
  response.writeHead(statusCode, headers).end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}

function readReply(result: Buffer): HttpReply | undefined {
  const value = parseJson(result.toString()) as HttpReply | null | undefined;
  return value && Number.isInteger(value.statusCode) ? value : undefined;
}
