import { createHmac } from 'node:crypto';
import { encodeRfc3986, scopeText, signAliyunV4 } from '../runtime/aliyun-v4.ts';

type Headers = Readonly<Record<string, string>>;

const ALGORITHM_V4 = 'MNS4-HMAC-SHA256';

/**
 * What `Authorization: MNS <AccessKeyId>:<signature>` covers.
 *
 * @param parts.headers names in lower case
 * @param parts.target path and query exactly as sent: SDKs differ in what they encode
 */
export function stringToSignMnsV2(parts: { method: string; headers: Headers; target: string }): string {
  const { method, headers, target } = parts;
  return [
    method,
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    headers.date ?? headers['x-mns-date'] ?? '',
    ...mnsHeaders(headers),
    target,
  ].join('\n');
}

/** Base64 of HMAC-SHA1. */
export function signMnsV2(secret: string, stringToSign: string): string {
  return createHmac('sha1', secret).update(stringToSign).digest('base64');
}

export interface SigningContextMns {
  /** `yyyyMMddTHHmmssZ`. */
  readonly date: string;
  /** Such as `cn-hangzhou`. */
  readonly region: string;
}

/**
 * What `Authorization: MNS4-HMAC-SHA256 Credential=…,Signature=…` covers. Only the Java SDK 2.0 sends it. Unlike V4 of OSS,
 * the text contains the request itself, not its digest.
 *
 * @param parts.path decoded
 * @param parts.query decoded
 */
export function stringToSignMnsV4(
  context: SigningContextMns,
  parts: {
    method: string;
    path: string;
    query: readonly (readonly [name: string, value: string])[];
    headers: Headers;
  },
): string {
  const query = parts.query
    .map(([name, value]) => [encodeRfc3986(name.toLowerCase()), encodeRfc3986(value)] as const)
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  const signed = Object.keys(parts.headers).filter(
    (name) => name === 'content-type' || name === 'content-md5' || name.startsWith('x-mns-'),
  );
  return [
    ALGORITHM_V4,
    context.date,
    scopeText({ ...context, service: 'mns' }),
    parts.method,
    encodeRfc3986(parts.path, { keepSlash: true }),
    query.join('&'),
    ...signed.sort().map((name) => `${name}:${parts.headers[name]!.trim()}`),
    '',
    '',
  ].join('\n');
}

/** Lower-case hex. */
export function signMnsV4(
  { secret, ...context }: SigningContextMns & { readonly secret: string },
  stringToSign: string,
): string {
  return signAliyunV4(secret, { ...context, service: 'mns' }, stringToSign);
}

function mnsHeaders(headers: Headers): string[] {
  return Object.keys(headers)
    .filter((name) => name.startsWith('x-mns-'))
    .sort()
    .map((name) => `${name}:${headers[name]}`);
}
