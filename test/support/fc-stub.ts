import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';
import { acs3Signature, acs3StringToSign, parseAcs3Authorization } from '../../shared/runtime/acs3.ts';
import { listenOnLoopback } from './loopback.ts';

export interface Invocation {
  readonly api: '2016-08-15' | '2023-03-30';
  readonly service?: string;
  readonly functionName: string;
  readonly qualifier?: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface StubAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Error code and message, sent in the form of the called API. */
  readonly error?: readonly [code: string, message: string];
}

export interface FcStub {
  readonly url: string;
  /** Requests with a valid signature, in order. */
  readonly invocations: readonly Invocation[];
  close(): Promise<void>;
}

/** The invocation API of Function Compute 2.0 and 3.0. A request with an invalid signature gets 403. */
export async function startFcStub(
  secretOf: (accessKeyId: string) => string | undefined,
  answer: (invocation: Invocation) => StubAnswer | 'hang' | 'reset',
): Promise<FcStub> {
  const invocations: Invocation[] = [];
  const server = http.createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const invocation = route(req, body.toString());
    if (!invocation) return void res.writeHead(404).end();
    const isSigned =
      invocation.api === '2016-08-15' ? isSignedV2(req, body, secretOf) : isSignedV3(req, body, secretOf);
    if (!isSigned)
      return send(res, invocation, { status: 403, error: ['SignatureDoesNotMatch', 'signatures differ'] });
    invocations.push(invocation);
    const said = answer(invocation);
    if (said === 'reset') req.socket.destroy();
    else if (said !== 'hang') send(res, invocation, said);
  });
  return { invocations, ...(await listenOnLoopback(server)) };
}

function route(req: http.IncomingMessage, body: string): Invocation | undefined {
  const url = new URL(req.url ?? '/', 'http://stub');
  const common = { headers: req.headers, body };
  const v2 = /^\/2016-08-15\/services\/([^/.]+)(?:\.([^/]+))?\/functions\/([^/]+)\/invocations$/.exec(
    url.pathname,
  );
  if (v2) {
    const [, service, qualifier, functionName] = v2;
    return {
      api: '2016-08-15',
      service: service!,
      functionName: functionName!,
      ...(qualifier && { qualifier }),
      ...common,
    };
  }
  const v3 = /^\/2023-03-30\/functions\/([^/]+)\/invocations$/.exec(url.pathname);
  if (!v3) return undefined;
  const qualifier = url.searchParams.get('qualifier');
  return { api: '2023-03-30', functionName: v3[1]!, ...(qualifier && { qualifier }), ...common };
}

function send(res: http.ServerResponse, { api }: Invocation, { status, headers, error }: StubAnswer): void {
  const fields = api === '2016-08-15' ? ['ErrorCode', 'ErrorMessage'] : ['Code', 'Message'];
  const body = error ? JSON.stringify({ [fields[0]!]: error[0], [fields[1]!]: error[1] }) : '';
  res.writeHead(status, {
    'x-fc-request-id': '1-65a0b1c2-000000000001',
    ...(error && { 'content-type': 'application/json' }),
    ...headers,
  });
  res.end(body);
}

/** The string that `@alicloud/fc2` signs. Only this SDK encodes the hex text of the digest in Base64. */
export function fc2StringToSign(method: string, path: string, headers: http.IncomingHttpHeaders): string {
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('x-fc-'))
    .sort()
    .map((name) => `${name}:${headers[name]}\n`);
  const lines = [method, headers['content-md5'], headers['content-type'], headers.date].map(
    (value) => `${value}\n`,
  );
  return `${lines.join('')}${own.join('')}${decodeURIComponent(path)}`;
}

export function fc2Signature(secret: string, stringToSign: string): string {
  return createHmac('sha256', secret).update(stringToSign).digest('base64');
}

export function fc2ContentMd5(body: string | Buffer): string {
  return Buffer.from(createHash('md5').update(body).digest('hex')).toString('base64');
}

function isSignedV2(
  req: http.IncomingMessage,
  body: Buffer,
  secretOf: (id: string) => string | undefined,
): boolean {
  const [, id, signature] = /^FC ([^:]+):(.+)$/.exec(req.headers.authorization ?? '') ?? [];
  const secret = secretOf(id ?? '');
  if (!secret || req.headers['content-md5'] !== fc2ContentMd5(body)) return false;
  return signature === fc2Signature(secret, fc2StringToSign('POST', req.url ?? '', req.headers));
}

function isSignedV3(
  req: http.IncomingMessage,
  body: Buffer,
  secretOf: (id: string) => string | undefined,
): boolean {
  const claim = parseAcs3Authorization(req.headers.authorization ?? '');
  const secret = secretOf(claim?.accessKeyId ?? '');
  const digest = createHash('sha256').update(body).digest('hex');
  if (!claim || !secret || req.headers['x-acs-content-sha256'] !== digest) return false;
  const url = new URL(req.url ?? '/', 'http://stub');
  const request = {
    method: 'POST',
    path: url.pathname,
    query: [...url.searchParams],
    headers: req.headers as Record<string, string>,
  };
  const mustBeSigned = [
    'content-type',
    'host',
    ...Object.keys(req.headers).filter((name) => name.startsWith('x-acs-')),
  ];
  if (mustBeSigned.sort().join() !== claim.signedHeaders.join()) return false;
  return claim.signature === acs3Signature(secret, acs3StringToSign(request, [...claim.signedHeaders]));
}
