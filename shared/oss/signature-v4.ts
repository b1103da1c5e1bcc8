import { createHash } from 'node:crypto';
import { encodeRfc3986, scopeText, signAliyunV4 } from '../runtime/aliyun-v4.ts';
import type { Credentials } from '../runtime/credentials.ts';
import type { QueryPair } from './signature-v1.ts';

export type { QueryPair } from './signature-v1.ts';

const ALGORITHM = 'OSS4-HMAC-SHA256';

/** The parts of a request that signature V4 covers, for both client and server. */
export interface SignedPartsV4 {
  readonly method: string;
  /** Absent for requests to the service. Signed in either addressing style. */
  readonly bucket?: string;
  readonly key?: string;
  /** Every parameter, decoded; without `x-oss-signature`. */
  readonly query: readonly QueryPair[];
  /** Names in lower case, values as text. */
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that are signed in addition to `content-type`, `content-md5` and `x-oss-*`. */
  readonly additionalHeaders?: readonly string[];
  /** Signs `k=` for an empty value, as ali-oss does. The documentation signs `k`. `@default false` */
  readonly keepEmptyValues?: boolean;
}

export interface SigningContext {
  /** `yyyyMMddTHHmmssZ`; as a server, what the client signed. */
  readonly date: string;
  /** `yyyyMMdd`. @default the first 8 characters of `date` */
  readonly day?: string;
  /** Such as `cn-hangzhou`. */
  readonly region: string;
  /** `@default 'oss'` */
  readonly service?: string;
}

export function canonicalRequestV4(parts: SignedPartsV4): string {
  const { method, bucket, key, headers } = parts;
  const additional = sortedAdditionalHeaders(parts);
  return [
    method,
    encodeRfc3986(`/${bucket === undefined ? '' : `${bucket}/`}${key ?? ''}`, { keepSlash: true }),
    canonicalQuery(parts.query, parts.keepEmptyValues),
    canonicalHeaders(headers, additional),
    additional.join(';'),
    headers['x-oss-content-sha256'] ?? 'UNSIGNED-PAYLOAD',
  ].join('\n');
}

export function stringToSignV4(context: SigningContext, canonicalRequest: string): string {
  const digest = createHash('sha256').update(canonicalRequest).digest('hex');
  return [ALGORITHM, context.date, scopeText(scopeOf(context)), digest].join('\n');
}

/** Lower-case hex. */
export function signV4(
  { secret, ...context }: SigningContext & { readonly secret: string },
  stringToSign: string,
): string {
  return signAliyunV4(secret, scopeOf(context), stringToSign);
}

/** The value of the `Authorization` header; `headers` already hold `x-oss-date` and, for STS, the token. */
export function authorizationV4(
  credentials: Credentials,
  context: SigningContext,
  parts: SignedPartsV4,
): string {
  const additional = sortedAdditionalHeaders(parts);
  return [
    `${ALGORITHM} Credential=${credentials.accessKeyId}/${scopeText(scopeOf(context))}`,
    ...(additional.length > 0 ? [`AdditionalHeaders=${additional.join(';')}`] : []),
    `Signature=${signatureOf(credentials, context, parts)}`,
  ].join(',');
}

/** The whole query of a pre-signed URL, signature included. */
export function presignV4(
  credentials: Credentials,
  context: SigningContext,
  { expiresSeconds, ...parts }: SignedPartsV4 & { readonly expiresSeconds: number },
): QueryPair[] {
  const additional = sortedAdditionalHeaders(parts);
  const query: QueryPair[] = [
    ...parts.query,
    ['x-oss-signature-version', ALGORITHM],
    ['x-oss-credential', `${credentials.accessKeyId}/${scopeText(scopeOf(context))}`],
    ['x-oss-date', context.date],
    ['x-oss-expires', String(expiresSeconds)],
  ];
  if (additional.length > 0) query.push(['x-oss-additional-headers', additional.join(';')]);
  if (credentials.securityToken) query.push(['x-oss-security-token', credentials.securityToken]);
  return [...query, ['x-oss-signature', signatureOf(credentials, context, { ...parts, query })]];
}

/** `a=1&b`: the form of a query in a signature and on the wire. */
export function canonicalQuery(query: readonly QueryPair[], keepEmptyValues = false): string {
  return query
    .map(([name, value]) => [encodeRfc3986(name), encodeRfc3986(value)] as const)
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([name, value]) => (value === '' && !keepEmptyValues ? name : `${name}=${value}`))
    .join('&');
}

function signatureOf(credentials: Credentials, context: SigningContext, parts: SignedPartsV4): string {
  const text = stringToSignV4(context, canonicalRequestV4(parts));
  return signV4({ ...context, secret: credentials.accessKeySecret }, text);
}

function canonicalHeaders(headers: Readonly<Record<string, string>>, additional: readonly string[]): string {
  const signed = Object.keys(headers).filter((name) => isAlwaysSigned(name) || additional.includes(name));
  return signed
    .sort()
    .map((name) => `${name}:${headers[name]!.trim()}\n`)
    .join('');
}

function sortedAdditionalHeaders({ additionalHeaders = [] }: SignedPartsV4): string[] {
  const names = additionalHeaders.map((name) => name.toLowerCase());
  return [...new Set(names)].filter((name) => !isAlwaysSigned(name)).sort();
}

function isAlwaysSigned(name: string): boolean {
  return name === 'content-type' || name === 'content-md5' || name.startsWith('x-oss-');
}

function scopeOf({ date, day = date, region, service = 'oss' }: SigningContext) {
  return { date: day, region, service };
}
