import { createHmac } from 'node:crypto';
import { encodeRfc3986 } from '../runtime/aliyun-v4.ts';
import type { SignedPartsV1 } from './signature-v1.ts';
import { canonicalQuery } from './signature-v4.ts';

/** The parts of a request that signature V2 covers: those of V1, all parameters, and the headers that it names. */
export interface SignedPartsV2 extends Omit<SignedPartsV1, 'date'> {
  /** `Date`, or the expiry of a pre-signed URL in seconds. */
  readonly date: string;
  /** Headers that are signed in addition to `x-oss-*`; in lower case. */
  readonly additionalHeaders: readonly string[];
}

export function stringToSignV2(parts: SignedPartsV2): string {
  const { method, headers, resource, query, date } = parts;
  const additional = [...parts.additionalHeaders].sort();
  const parameters = canonicalQuery(query);
  return [
    method,
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    date,
    ...Object.keys(headers)
      .filter((name) => name.startsWith('x-oss-') || additional.includes(name))
      .sort()
      .map((name) => `${name}:${headers[name]!.trim()}`),
    additional.join(';'),
    `${encodeRfc3986(resource)}${parameters === '' ? '' : `?${parameters}`}`,
  ].join('\n');
}

/** Base64 of HMAC-SHA256 over the UTF-8 bytes. */
export function signV2(secret: string, stringToSign: string): string {
  return createHmac('sha256', secret).update(stringToSign).digest('base64');
}
