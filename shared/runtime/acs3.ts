import { createHash, createHmac } from 'node:crypto';
import { encodeRfc3986 } from './aliyun-v4.ts';

const ALGORITHM = 'ACS3-HMAC-SHA256';

/** The parts of a request to an Alibaba Cloud OpenAPI (FaceBody, Function Compute, MNS) that are signed. */
export interface Acs3Request {
  readonly method: string;
  /** Percent-encoded as sent. */
  readonly path: string;
  /** Decoded. */
  readonly query?: readonly (readonly [name: string, value: string])[];
  /** Names in lower case. Must contain `host` and `x-acs-content-sha256`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The value of `x-acs-content-sha256`: SHA-256 of the body in lower-case hex. */
export function acs3ContentHash(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

/** `content-type`, `host` and every `x-acs-*` header, sorted, as official SDKs sign them. */
export function acs3SignedHeaders(headers: Acs3Request['headers']): string[] {
  return Object.keys(headers)
    .filter((name) => name === 'content-type' || name === 'host' || name.startsWith('x-acs-'))
    .sort();
}

/** The text that is signed; `signedHeaders` are in lower case and sorted. */
export function acs3StringToSign(
  request: Acs3Request,
  signedHeaders = acs3SignedHeaders(request.headers),
): string {
  const query = (request.query ?? [])
    .map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`)
    .sort()
    .join('&');
  const canonical = [
    request.method,
    request.path,
    query,
    ...signedHeaders.map((name) => `${name}:${(request.headers[name] ?? '').trim()}`),
    '',
    signedHeaders.join(';'),
    request.headers['x-acs-content-sha256'] ?? '',
  ].join('\n');
  return `${ALGORITHM}\n${acs3ContentHash(canonical)}`;
}

/** Lower-case hex of HMAC-SHA256. */
export function acs3Signature(secret: string, stringToSign: string): string {
  return createHmac('sha256', secret).update(stringToSign).digest('hex');
}

/** The value of the `authorization` header. */
export function acs3Authorization(
  credentials: { readonly accessKeyId: string; readonly accessKeySecret: string },
  request: Acs3Request,
): string {
  const signedHeaders = acs3SignedHeaders(request.headers);
  const signature = acs3Signature(credentials.accessKeySecret, acs3StringToSign(request, signedHeaders));
  return `${ALGORITHM} Credential=${credentials.accessKeyId},SignedHeaders=${signedHeaders.join(';')},Signature=${signature}`;
}

export interface Acs3Claim {
  readonly accessKeyId: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** Reads an `authorization` header; `undefined` for another scheme or a malformed value. */
export function parseAcs3Authorization(header: string): Acs3Claim | undefined {
  const match =
    /^ACS3-HMAC-SHA256 Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/.exec(header);
  if (!match) return undefined;
  const [, accessKeyId, signedHeaders, signature] = match as unknown as [string, string, string, string];
  return { accessKeyId, signedHeaders: signedHeaders.split(';'), signature };
}
