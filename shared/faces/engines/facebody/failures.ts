import { AppError, type ErrorCode, isAppError } from '../../../runtime/errors.ts';

const CODES = {
  /** The picture shows no face: a result, not an error. */
  'no-face': 'InvalidImage',
  /** The quota is exhausted. */
  throttled: 'Throttled',
  /** The service or the network failed; the same call may succeed later. */
  unavailable: 'ServiceUnavailable',
  network: 'NetworkError',
  /** The service could not download the picture from its URL. */
  download: 'ServiceUnavailable',
  /** The picture has too many bytes or pixels. */
  size: 'InvalidImage',
  /** The service rejects the picture or another argument. */
  picture: 'InvalidImage',
  /** The account, its keys or its contract is the problem. */
  account: 'FaceServiceRefused',
  key: 'InvalidAccessKeyId',
  signature: 'SignatureDoesNotMatch',
  credentials: 'CredentialsMissing',
  'expired-token': 'SecurityTokenExpired',
  permission: 'AccessDenied',
  /** A face database, entity or face does not exist, or exists already. */
  gallery: 'InvalidRequest',
  'gallery-full': 'GalleryFull',
  /** Any other rejection. */
  refused: 'InvalidRequest',
  /** Not an error of the service or the network. */
  unexpected: 'Unexpected',
} as const satisfies Record<string, ErrorCode>;

/** Meaning of a failed call for its caller. */
export type Failure = keyof typeof CODES;

/**
 * Codes of the service, of its gateway and of Node's sockets. The first matching row counts. A `*` matches any ending.
 * Sources: Alibaba Cloud's error codes of face and body, answers of the vendor to questions, the SDK.
 */
export const FAILURES: readonly (readonly [failure: Failure, ...codes: string[]])[] = [
  ['no-face', 'InvalidImage.NotFoundFace', 'InvalidFile.Content'],
  ['throttled', 'Throttling*'],
  ['gallery-full', 'FaceCountExceed', 'FaceImageCountExceed', 'ExceedEntityLimit'],
  ['gallery', 'DBName*', 'EntityNotExist', 'DataNotExist', 'EntityIdAlreadyExist'],
  ['download', 'InvalidImage.Download*', 'InvalidFile.Download*', 'InvalidImage.Timeout'],
  ['download', 'InvalidImage.Region', 'InvalidImage.URL', 'InvalidFile.URL'],
  ['size', 'InvalidImage.Size', 'InvalidImage.Resolution', 'InvalidFile.Size', 'InvalidFile.Resolution'],
  ['picture', 'InvalidImage.*', 'InvalidFile.*', 'ParameterError', 'InvalidParameter*'],
  ['picture', 'ClientError.IllegalArgument', 'IllegalUrlParameter'],
  ['permission', 'AuthFailed', 'Forbidden*', 'NoPermission*'],
  ['account', 'EntityNotExist.Role', 'InvalidApi.*', 'InvalidDB.Status'],
  ['key', 'InvalidAccessKeyId*'],
  ['signature', 'InvalidAccessKeySecret', 'SignatureDoesNotMatch', 'IncompleteSignature'],
  ['signature', 'InvalidTimeStamp*'],
  ['expired-token', 'InvalidSecurityToken.Expired', 'SecurityTokenExpired'],
  ['credentials', 'InvalidCredentials', 'InvalidSecurityToken*', 'MissingSecurityToken'],
  ['unavailable', 'InternalError*', 'ServiceUnavailable*', 'Timeout', 'SignatureNonceUsed'],
  ['network', 'ECONN*', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
];

/** doc: observed in production: a missing database has no code of its own, only this message. */
const MISSING_DB = /not f(?:ou|i)nd the db/i;

/** An error of the SDK. No field is guaranteed. */
interface SdkError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly statusCode?: unknown;
  readonly data?: { readonly RequestId?: unknown; readonly statusCode?: unknown } | null;
}

/** The quota counts in windows of one second. */
const THROTTLED_RETRY_MS = 1000;

/**
 * Converts an error of the SDK to an `AppError` with its meaning in `details.failure`. Leaves out the text of the
 * service, because it quotes URLs and signed strings.
 */
export function toFailure(operation: string, thrown: unknown): AppError {
  if (isAppError(thrown)) return thrown;
  const error: SdkError = typeof thrown === 'object' && thrown !== null ? thrown : {};
  const serviceCode = typeof error.code === 'string' ? error.code : undefined;
  const status = statusOf(error);
  const failure = failureFor(error, serviceCode, status);
  const requestId = typeof error.data?.RequestId === 'string' ? error.data.RequestId : undefined;
  const what = [
    serviceCode ?? (typeof error.name === 'string' ? error.name : 'unknown error'),
    status !== undefined && `HTTP ${status}`,
    requestId !== undefined && `request id ${requestId}`,
  ];
  return new AppError(CODES[failure], `${operation}: ${what.filter(Boolean).join(', ')}`, {
    details: { operation, failure, serviceCode, status, requestId },
    retryAfterMs: failure === 'throttled' ? THROTTLED_RETRY_MS : undefined,
    cause: status === undefined ? thrown : undefined,
  });
}

/** Meaning of an error that `toFailure` made. */
export function failureOf(error: unknown): Failure | undefined {
  return isAppError(error) ? (error.details.failure as Failure | undefined) : undefined;
}

function statusOf({ statusCode, data }: SdkError): number | undefined {
  const status = statusCode ?? data?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

function failureFor(
  { name, message }: SdkError,
  code: string | undefined,
  status: number | undefined,
): Failure {
  if (code === 'ClientError.IllegalArgument' && MISSING_DB.test(String(message))) return 'gallery';
  const row =
    code === undefined ? undefined : FAILURES.find(([, ...codes]) => codes.some((each) => fits(each, code)));
  if (row) return row[0];
  if (status === 429) return 'throttled';
  if (status !== undefined && (status === 408 || status >= 500)) return 'unavailable';
  if (status !== undefined) return 'refused';
  // sdk: a timeout has a name but no code; a body that is not JSON gives only the parser's error.
  if (name === 'RequestTimeoutError' || name === 'SyntaxError') return 'unavailable';
  return code === undefined ? 'unexpected' : 'network';
}

function fits(pattern: string, code: string): boolean {
  return pattern.endsWith('*') ? code.startsWith(pattern.slice(0, -1)) : code === pattern;
}
