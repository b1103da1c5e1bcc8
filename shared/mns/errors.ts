import { AppError, type ErrorCode } from '../runtime/errors.ts';
import { parseRetryAfter } from '../runtime/retry-after.ts';
import { childText, type XmlElement } from '../runtime/xml.ts';

/** Codes of MNS with a meaning of their own here. For all others the status decides. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  QueueNotExist: 'QueueNotExist',
  TopicNotExist: 'TopicNotExist',
  MessageNotExist: 'MessageNotExist',
  // Also for handles of a queue that was deleted and created again.
  ReceiptHandleError: 'MessageNotExist',
  AccessDenied: 'AccessDenied',
  InvalidAccessKeyId: 'InvalidAccessKeyId',
  SignatureDoesNotMatch: 'SignatureDoesNotMatch',
  TimeExpired: 'SignatureDoesNotMatch',
  SecurityTokenExpired: 'SecurityTokenExpired',
  InvalidSecurityToken: 'SecurityTokenExpired',
  QueueAlreadyExist: 'ResourceConflict',
  TopicAlreadyExist: 'ResourceConflict',
  SubscriptionAlreadyExist: 'ResourceConflict',
  QpsLimitExceeded: 'Throttled',
  InternalError: 'ServiceUnavailable',
  InternalServerError: 'ServiceUnavailable',
};

export interface FailedRequest {
  readonly method: string;
  /** `/queues/q/messages`: without the query, which may hold a receipt handle. */
  readonly path: string;
}

export interface RefusedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent when the answer is not a document of MNS but a page of a proxy. */
  readonly document?: XmlElement | undefined;
}

/** `details.mnsCode` is the service's own code. `details.serverDate` is its time, if the clock of the request was wrong. */
export function toError(
  { method, path }: FailedRequest,
  { status, headers, document }: RefusedResponse,
): AppError {
  const error = document?.name === 'Error' ? document : undefined;
  const mnsCode = error && childText(error, 'Code');
  const message = error && childText(error, 'Message');
  const requestId = headers['x-mns-request-id'] ?? (error && childText(error, 'RequestId'));
  const reason = [mnsCode, message].filter(Boolean).join(': ') || 'no reason given';
  return new AppError(
    codeOf(status, mnsCode),
    `${method} ${path} failed with ${status} ${reason} (request ${requestId ?? 'without id'})`,
    {
      details: {
        status,
        mnsCode,
        requestId,
        path,
        serverDate: mnsCode === 'TimeExpired' ? headers.date : undefined,
      },
      retryAfterMs: parseRetryAfter(headers['retry-after'], Date.parse(headers.date ?? '')),
    },
  );
}

function codeOf(status: number, mnsCode: string | undefined): ErrorCode {
  const known = mnsCode === undefined ? undefined : CODES[mnsCode];
  if (known) return known;
  if (status >= 500) return 'ServiceUnavailable';
  if (status === 429) return 'Throttled';
  if (status === 401 || status === 403) return 'AccessDenied';
  if (status === 404 && mnsCode === undefined) return 'ServiceUnavailable'; // MNS would say what does not exist
  return 'InvalidRequest';
}
