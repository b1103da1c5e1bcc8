import { type QueryPair, signV1, stringToSignV1 } from '../../../shared/oss/signature-v1.ts';
import { signV2, stringToSignV2 } from '../../../shared/oss/signature-v2.ts';
import { canonicalRequestV4, signV4, stringToSignV4 } from '../../../shared/oss/signature-v4.ts';
import { compactDate } from '../../../shared/runtime/aliyun-v4.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import type { Address } from '../http/address.ts';
import { readCredentialScope } from './credential-scope.ts';
import type { SignedRequest } from './signed-request.ts';

/** What a request states about its sender: signature V1, V2 or V4, in a header or in the query. */
export interface Claim {
  readonly accessKeyId: string;
  readonly signature: string;
  readonly securityToken?: string;
  /** Milliseconds since the epoch; must be close to the server's clock. */
  readonly signedAt?: number;
  /** Milliseconds since the epoch; pre-signed URLs only. */
  readonly expiresAt?: number;
  /** Calculates the signature for that address. */
  sign(secret: string, address: Address): ExpectedSignature;
}

export interface ExpectedSignature {
  readonly signature: string;
  readonly stringToSign: string;
  /** An equivalent signature that is accepted too. */
  readonly tolerated?: string;
}

const MAX_URL_SECONDS = 604_800;

/** `undefined` if the request is not signed. */
export function readClaim(request: SignedRequest, region: string): Claim | undefined {
  const query = new Map(request.query);
  const authorization = request.headers.authorization;
  const v1 = ['OSSAccessKeyId', 'Signature', 'Expires'].some((name) => query.has(name));
  const later = query.has('x-oss-signature') || query.has('x-oss-signature-version');
  if (authorization !== undefined) {
    if (v1 || later) throw invalidArgument('Authorization', '', 'Only one auth mechanism allowed.');
    if (authorization.startsWith('OSS4-HMAC-SHA256 ')) return headerV4(request, authorization, region);
    if (authorization.startsWith('OSS2 ')) return headerV2(request, authorization);
    return headerV1(request, authorization);
  }
  if (later) {
    return query.get('x-oss-signature-version') === 'OSS2'
      ? queryV2(request, query)
      : queryV4(request, query, region);
  }
  return v1 ? queryV1(request, query) : undefined;
}

function headerV1(request: SignedRequest, authorization: string): Claim {
  const match = /^OSS ([^:\s]+):(\S+)$/.exec(authorization);
  if (!match) throw invalidArgument('Authorization', '', 'The Authorization header is malformed.');
  const { headers } = request;
  return {
    accessKeyId: match[1]!,
    signature: match[2]!,
    signedAt: parseDate(headers['x-oss-date'] ?? headers.date),
    securityToken: headers['x-oss-security-token'],
    sign: (secret, address) => signAsV1(request, secret, address),
  };
}

function queryV1(request: SignedRequest, query: ReadonlyMap<string, string>): Claim {
  const accessKeyId = query.get('OSSAccessKeyId');
  const signature = query.get('Signature');
  const expires = query.get('Expires');
  if (!accessKeyId || !signature || !expires || !/^\d{1,12}$/.test(expires)) {
    throw new OssRefusal('AccessDenied', {
      message: 'Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters.',
    });
  }
  return {
    accessKeyId,
    signature,
    expiresAt: Number(expires) * 1000,
    securityToken: query.get('security-token'),
    sign: (secret, address) => signAsV1(request, secret, address, expires),
  };
}

function signAsV1(
  { method, query, headers }: SignedRequest,
  secret: string,
  { bucket, key = '' }: Address,
  date?: string,
) {
  const resource = bucket === undefined ? '/' : `/${bucket}/${key}`;
  const signed = { method, query, headers, resource, date };
  const stringToSign = stringToSignV1(signed);
  return {
    stringToSign,
    signature: signV1(secret, stringToSign),
    // A newer client signs sub-resources that are not in the list: the request is refused for them, not for its key.
    tolerated: signV1(secret, stringToSignV1({ ...signed, signsAll: true })),
  };
}

function headerV2(request: SignedRequest, authorization: string): Claim {
  const fields = new Map(
    authorization
      .slice('OSS2 '.length)
      .split(',')
      .map((field) => splitOnce(field.trim(), ':')),
  );
  const accessKeyId = fields.get('AccessKeyId');
  const signature = fields.get('Signature');
  if (!accessKeyId || !signature)
    throw invalidArgument('Authorization', '', 'The Authorization header is malformed.');
  const { headers } = request;
  const date = headers['x-oss-date'] ?? headers.date;
  return {
    accessKeyId,
    signature,
    signedAt: parseDate(date),
    securityToken: headers['x-oss-security-token'],
    sign: (secret, address) =>
      signAsV2(request, secret, address, headers.date ?? '', fields.get('AdditionalHeaders')),
  };
}

function queryV2(request: SignedRequest, query: ReadonlyMap<string, string>): Claim {
  const accessKeyId = query.get('x-oss-access-key-id');
  const signature = query.get('x-oss-signature');
  const expires = query.get('x-oss-expires');
  if (!accessKeyId || !signature || !expires || !/^\d{1,12}$/.test(expires)) {
    throw new OssRefusal('AccessDenied', {
      message:
        'Query-string authentication requires the x-oss-signature-version, x-oss-access-key-id, x-oss-expires and x-oss-signature parameters.',
    });
  }
  return {
    accessKeyId,
    signature,
    expiresAt: Number(expires) * 1000,
    securityToken: query.get('security-token') ?? query.get('x-oss-security-token'),
    sign: (secret, address) =>
      signAsV2(request, secret, address, expires, query.get('x-oss-additional-headers')),
  };
}

function signAsV2(
  { method, query, headers }: SignedRequest,
  secret: string,
  { bucket, key = '' }: Address,
  date: string,
  additional = '',
): ExpectedSignature {
  const stringToSign = stringToSignV2({
    method,
    headers,
    query: query.filter(([name]) => name !== 'x-oss-signature'),
    resource: bucket === undefined ? '/' : `/${bucket}/${key}`,
    date,
    additionalHeaders: additional.split(';').filter((name) => name !== ''),
  });
  return { stringToSign, signature: signV2(secret, stringToSign) };
}

function headerV4(request: SignedRequest, authorization: string, region: string): Claim {
  const fields = new Map(
    authorization
      .slice('OSS4-HMAC-SHA256 '.length)
      .split(',')
      .map((field) => {
        const [name = '', value = ''] = splitOnce(field.trim(), '=');
        return [name.toLowerCase(), value];
      }),
  );
  const signature = fields.get('signature');
  // sdk: the Go SDK signs the text of the Date header.
  const date = request.headers['x-oss-date'] ?? request.headers.date;
  if (!signature || !date)
    throw invalidArgument('Authorization', '', 'The Authorization header is malformed.');
  return {
    ...scopedClaim(request, {
      credential: fields.get('credential'),
      date,
      additional: fields.get('additionalheaders'),
      region,
      where: 'Authorization header',
    }),
    signature,
    signedAt: parseDate(date),
    securityToken: request.headers['x-oss-security-token'],
  };
}

function queryV4(request: SignedRequest, query: ReadonlyMap<string, string>, region: string): Claim {
  const signature = query.get('x-oss-signature');
  const date = query.get('x-oss-date');
  const seconds = Number(query.get('x-oss-expires'));
  const version = query.get('x-oss-signature-version');
  if (!signature || !date || version !== 'OSS4-HMAC-SHA256') {
    throw new OssRefusal('AccessDenied', {
      message:
        'Query-string authentication requires the x-oss-signature-version, x-oss-credential, x-oss-date, x-oss-expires and x-oss-signature parameters.',
    });
  }
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_URL_SECONDS) {
    throw invalidArgument('x-oss-expires', query.get('x-oss-expires') ?? '');
  }
  return {
    ...scopedClaim(request, {
      credential: query.get('x-oss-credential'),
      date,
      additional: query.get('x-oss-additional-headers'),
      region,
      where: 'x-oss-credential query parameter',
    }),
    signature,
    expiresAt: parseDate(date) + seconds * 1000,
    securityToken: query.get('x-oss-security-token'),
  };
}

interface ScopedSignature {
  readonly credential: string | undefined;
  /** As it is signed. */
  readonly date: string;
  /** Names of additional signed headers, separated by semicolons. */
  readonly additional: string | undefined;
  /** The region that the client has to sign for. */
  readonly region: string;
  /** Where the client wrote its credential; part of messages. */
  readonly where: string;
}

function scopedClaim(
  request: SignedRequest,
  { credential = '', date, additional = '', region: ownRegion, where }: ScopedSignature,
): Pick<Claim, 'accessKeyId' | 'sign'> {
  const scope = readCredentialScope(credential);
  if (!scope) throw invalidArgument('Credential', credential);
  const { accessKeyId, day, region, service } = scope;
  if (day !== compactDate(parseDate(date)).slice(0, 8))
    throw invalidArgument('Credential', credential, 'Credential date mismatch.');
  if (region !== ownRegion) {
    throw invalidArgument('Credential', credential, `Invalid signing region in ${where}.`, '0002-00000226');
  }
  if (service !== 'oss') {
    throw invalidArgument('Credential', credential, `Invalid signing product in ${where}.`, '0002-00000227');
  }
  const digest = request.headers['x-oss-content-sha256'];
  // doc: bodies are never part of the signature.
  if (digest !== undefined && digest !== 'UNSIGNED-PAYLOAD')
    throw invalidArgument('x-oss-content-sha256', digest);
  const query: QueryPair[] = request.query.filter(([name]) => name !== 'x-oss-signature');
  const additionalHeaders = additional.split(';').filter((name) => name !== '');
  const missing = additionalHeaders.find((name) => request.headers[name.toLowerCase()] === undefined);
  if (missing !== undefined) {
    throw invalidArgument('AdditionalHeaders', missing, `The signed header ${missing} is missing.`);
  }
  return {
    accessKeyId,
    sign(secret, address) {
      const { method, headers } = request;
      const context = { date, day, region, service };
      const parts = { method, headers, query, additionalHeaders, ...address };
      const textOf = (keepEmptyValues: boolean) =>
        stringToSignV4(context, canonicalRequestV4({ ...parts, keepEmptyValues }));
      const signatureOf = (text: string) => signV4({ ...context, secret }, text);
      const stringToSign = textOf(false);
      return {
        stringToSign,
        signature: signatureOf(stringToSign),
        // sdk: ali-oss signs `prefix=` for an empty prefix; both forms mean the same request.
        tolerated: query.some(([, value]) => value === '') ? signatureOf(textOf(true)) : undefined,
      };
    },
  };
}

/** RFC 1123 or `yyyyMMddTHHmmssZ`. */
function parseDate(text: string | undefined): number {
  const compact = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? '');
  const [, year, month, day, hour, minute, second] = compact ?? [];
  const time = Date.parse(compact ? `${year}-${month}-${day}T${hour}:${minute}:${second}Z` : (text ?? ''));
  if (Number.isNaN(time)) {
    throw new OssRefusal('AccessDenied', {
      message: 'OSS authentication requires a valid Date.',
    });
  }
  return time;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
