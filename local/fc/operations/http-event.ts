import type { IncomingMessage, ServerResponse } from 'node:http';

/** The event of an HTTP trigger, "v1". doc: header names keep their case, repeated values are joined by commas. */
export function toHttpEvent(
  request: IncomingMessage,
  body: Buffer,
  facts: { path: string; requestId: string; accountId: string; now: number },
): Buffer {
  const { pathname, searchParams } = new URL(facts.path, 'http://function');
  const headers: Record<string, string> = {};
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name, value] = [request.rawHeaders[index]!, request.rawHeaders[index + 1]!];
    headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  const queryParameters: Record<string, string> = {};
  for (const [name, value] of searchParams) {
    queryParameters[name] = name in queryParameters ? `${queryParameters[name]},${value}` : value;
  }
  const host = request.headers.host ?? '';
  const event = {
    version: 'v1',
    rawPath: pathname,
    body: body.toString('base64'),
    isBase64Encoded: true,
    headers,
    queryParameters,
    requestContext: {
      accountId: facts.accountId,
      domainName: host,
      domainPrefix: host.split('.')[0],
      requestId: facts.requestId,
      time: new Date(facts.now).toISOString(),
      timeEpoch: String(facts.now),
      http: {
        method: request.method,
        path: decodeURIComponent(pathname),
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress,
        userAgent: request.headers['user-agent'] ?? '',
      },
    },
  };
  return Buffer.from(JSON.stringify(event));
}

/** doc: what is not of the shape `{statusCode, headers, body}` is answered as it is, with 200. */
export function sendHttpReply(response: ServerResponse, result: Buffer): void {
  const reply = readReply(result);
  if (!reply) return void response.writeHead(200).end(result);
  const { statusCode, headers, isBase64Encoded, body = '' } = reply;
  response.writeHead(statusCode, headers).end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}

interface HttpReply {
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly isBase64Encoded?: boolean;
  readonly body?: string;
}

function readReply(result: Buffer): HttpReply | undefined {
  try {
    const value = JSON.parse(result.toString()) as HttpReply;
    return Number.isInteger(value?.statusCode) ? value : undefined;
  } catch {
    return undefined;
  }
}
