import { createHmac } from 'node:crypto';

/** One query parameter, decoded; a parameter without a value has the empty string. */
export type QueryPair = readonly [name: string, value: string];

/** The parts of a request that signature V1 covers, for both client and server. */
export interface SignedPartsV1 {
  readonly method: string;
  /** `/bucket/key`, `/bucket/` or `/`; the key is not encoded. */
  readonly resource: string;
  /** Every parameter of the request. Those that are not signed are ignored. */
  readonly query: readonly QueryPair[];
  /** Names in lower case, values as text. */
  readonly headers: Readonly<Record<string, string>>;
  /** Instead of the date of the headers: `Expires` of a pre-signed URL. */
  readonly date?: string;
  /** Signs every parameter, as a client does that knows more sub-resources. @default false */
  readonly signsAll?: boolean;
}

/**
 * Query parameters that V1 signs, in addition to every name that begins with `x-oss-` or `udf`.
 * Source: the union of the lists in the official Go, Go v2 and Python SDKs.
 */
export const SIGNED_SUBRESOURCES: ReadonlySet<string> = new Set(
  `
  accessPoint accessPointPolicy acl append asyncFetch bucketArchiveDirectRead bucketInfo callback callback-var
  cloudboxes cname comp continuation-token cors delete encryption endTime httpsConfig img inventory inventoryId
  lifecycle live location logging metaQuery objectMeta partNumber policy position publicAccessBlock qos qosInfo
  redundancyTransition referer regionList replication replicationLocation replicationProgress requestPayment
  resourceGroup response-cache-control response-content-disposition response-content-encoding
  response-content-language response-content-type response-expires responseHeader restore rtc security-token
  sequential startTime stat status style styleName symlink tagging transferAcceleration uploadId uploads
  versionId versioning versions vod website withHashContext worm wormExtend wormId
  `
    .trim()
    .split(/\s+/),
);

export function stringToSignV1({ method, resource, query, headers, date, signsAll }: SignedPartsV1): string {
  return [
    method,
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    date ?? headers['x-oss-date'] ?? headers.date ?? '',
    ...ossHeaders(headers),
    `${resource}${subresources(query, signsAll)}`,
  ].join('\n');
}

/** Base64 of HMAC-SHA1 over the UTF-8 bytes. */
export function signV1(secret: string, stringToSign: string): string {
  return createHmac('sha1', secret).update(stringToSign).digest('base64');
}

function ossHeaders(headers: Readonly<Record<string, string>>): string[] {
  return Object.keys(headers)
    .filter((name) => name.startsWith('x-oss-'))
    .sort()
    .map((name) => `${name}:${headers[name]!.trim()}`);
}

function subresources(query: readonly QueryPair[], signsAll = false): string {
  const signed = query
    .filter(([name]) => (signsAll ? !AUTHENTICATION.has(name) : isSigned(name)))
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  return signed.length === 0 ? '' : `?${signed.join('&')}`;
}

/** The parameters of a pre-signed URL that hold its signature. */
const AUTHENTICATION: ReadonlySet<string> = new Set(['OSSAccessKeyId', 'Expires', 'Signature']);

function isSigned(name: string): boolean {
  return SIGNED_SUBRESOURCES.has(name) || name.startsWith('x-oss-') || name.startsWith('udf');
}
