import { AppError, type ErrorCode, type ErrorDetails } from '../runtime/errors.ts';
import { type HttpResponse, readBody } from '../runtime/http.ts';
import { parseRetryAfter } from '../runtime/retry-after.ts';

/** Codes of OSS with a meaning of their own here. For all others the status decides. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'NoSuchKey',
  NoSuchVersion: 'NoSuchKey',
  SymlinkTargetNotExist: 'NoSuchKey',
  NoSuchBucket: 'NoSuchBucket',
  InvalidObjectState: 'ObjectArchived',
  AccessDenied: 'AccessDenied',
  InvalidAccessKeyId: 'InvalidAccessKeyId',
  SignatureDoesNotMatch: 'SignatureDoesNotMatch',
  RequestTimeTooSkewed: 'SignatureDoesNotMatch',
  SecurityTokenExpired: 'SecurityTokenExpired',
  InvalidSecurityToken: 'SecurityTokenExpired',
  PreconditionFailed: 'PreconditionFailed',
  FileAlreadyExists: 'ObjectAlreadyExists',
  InvalidDigest: 'BodyMismatch',
  RequestTimeout: 'ServiceUnavailable',
  InternalError: 'ServiceUnavailable',
  ServiceUnavailable: 'ServiceUnavailable',
  DownloadTrafficRateLimitExceeded: 'Throttled',
  UploadTrafficRateLimitExceeded: 'Throttled',
  MetaOperationQpsLimitExceeded: 'Throttled',
  TotalQpsLimitExceeded: 'Throttled',
  QpsLimitExceeded: 'Throttled',
};

const MAX_ERROR_BYTES = 65_536;

/** The request that failed. Every field is printed. */
export interface FailedRequest {
  readonly method: string;
  readonly bucket: string;
  readonly key?: string | undefined;
}

/**
 * Reads the answer to its end. `details.ossCode` is the service's own code. `details.serverDate` is its time, if the clock of
 * the request was wrong.
 */
export async function readError(request: FailedRequest, response: HttpResponse): Promise<AppError> {
  const { status, headers } = response;
  const body = await readBody(response, MAX_ERROR_BYTES);
  const fields = await parseFields(body.length > 0 ? body.toString('utf8') : headErrorXml(headers));
  const ossCode = fields.Code;
  const details: ErrorDetails = {
    status,
    ossCode,
    requestId: headers['x-oss-request-id'] ?? fields.RequestId,
    ec: headers['x-oss-ec'] ?? fields.EC,
    bucket: request.bucket,
    key: request.key,
    endpoint: fields.Endpoint,
    serverDate: ossCode === 'RequestTimeTooSkewed' ? headers.date : undefined,
  };
  return new AppError(codeOf(response, ossCode), describe(request, status, fields, details), {
    details,
    retryAfterMs: parseRetryAfter(headers['retry-after'], Date.parse(headers.date ?? '')),
  });
}

function codeOf({ status, headers }: HttpResponse, ossCode: string | undefined): ErrorCode {
  // A delete marker answers 404 or, when its version is named, 405 MethodNotAllowed.
  if (headers['x-oss-delete-marker'] === 'true') return 'NoSuchKey';
  const known = ossCode === undefined ? undefined : CODES[ossCode];
  if (known) return known;
  if (status >= 500) return 'ServiceUnavailable';
  if (status === 429) return 'Throttled';
  if (status === 401 || status === 403) return 'AccessDenied';
  if (status === 404 && ossCode === undefined) return 'NoSuchKey';
  if (status === 412) return 'PreconditionFailed';
  return 'InvalidRequest';
}

function describe(
  { method, bucket, key }: FailedRequest,
  status: number,
  { Code, Message, Endpoint }: Fields,
  { requestId }: ErrorDetails,
): string {
  const resource = key === undefined ? bucket : `${bucket}/${key}`;
  const reason = [Code, Message].filter(Boolean).join(': ') || 'no reason given';
  const endpoint = Endpoint ? ` Expected endpoint: ${Endpoint}.` : '';
  return `${method} ${resource} failed with ${status} ${reason}${endpoint} (request ${requestId ?? 'without id'})`;
}

type Fields = Readonly<Partial<Record<'Code' | 'Message' | 'RequestId' | 'EC' | 'Endpoint', string>>>;

/** A proxy may answer with a page of its own. Then only the status counts. */
async function parseFields(xml: string | undefined): Promise<Fields> {
  if (!xml?.trimStart().startsWith('<')) return {};
  const { childText, parseXml } = await import('../runtime/xml.ts');
  try {
    const error = parseXml(xml);
    if (error.name !== 'Error') return {};
    const names = ['Code', 'Message', 'RequestId', 'EC', 'Endpoint'] as const;
    return Object.fromEntries(names.map((name) => [name, childText(error, name) || undefined]));
  } catch {
    return {};
  }
}

/** An answer to HEAD has no body: the document is in a header. */
function headErrorXml(headers: HttpResponse['headers']): string | undefined {
  const encoded = headers['x-oss-err'];
  return encoded && Buffer.from(encoded, 'base64').toString('utf8');
}
