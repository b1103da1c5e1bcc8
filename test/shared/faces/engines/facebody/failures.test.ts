import { describe, expect, test } from 'vitest';
import {
  FAILURES,
  type Failure,
  failureOf,
  toFailure,
} from '../../../../../shared/faces/engines/facebody/failures.ts';
import { AppError, type ErrorKind } from '../../../../../shared/runtime/errors.ts';

const KINDS: Record<Failure, ErrorKind> = {
  'no-face': 'permanent',
  throttled: 'throttled',
  unavailable: 'transient',
  network: 'transient',
  download: 'transient',
  size: 'permanent',
  picture: 'permanent',
  account: 'misconfigured',
  key: 'misconfigured',
  signature: 'misconfigured',
  credentials: 'misconfigured',
  'expired-token': 'transient',
  permission: 'misconfigured',
  gallery: 'permanent',
  'gallery-full': 'permanent',
  refused: 'permanent',
  unexpected: 'transient',
};

/** An error that the SDK throws for an answer of the service. */
function sdkError(code: string, statusCode = 400, message = 'because of LTAIsecret'): Error {
  const data = { RequestId: 'REQ-1', Code: code, Message: message, statusCode };
  return Object.assign(new Error(`${code}: code: ${statusCode}, ${message} request id: REQ-1`), {
    code,
    statusCode,
    data,
  });
}

const rows = FAILURES.flatMap(([failure, ...codes]) =>
  codes.map((code) => [code.replace('*', '.Something'), failure] as const),
);

test.each(rows)('%s means %s', (code, failure) => {
  const error = toFailure('DetectFace', sdkError(code));

  expect(failureOf(error)).toBe(failure);
  expect(error.kind).toBe(KINDS[failure]);
});

/** Documented and observed codes with their meaning. */
test.each<[code: string, status: number, failure: Failure]>([
  ['InvalidImage.NotFoundFace', 404, 'no-face'],
  ['InvalidFile.Content', 400, 'no-face'],
  ['Throttling', 400, 'throttled'],
  ['Throttling.User', 400, 'throttled'],
  ['InternalError', 500, 'unavailable'],
  ['InternalError.DB', 580, 'unavailable'],
  ['InternalError.Algo', 500, 'unavailable'],
  ['InternalError.Timeout', 500, 'unavailable'],
  ['ServiceUnavailable', 503, 'unavailable'],
  ['Timeout', 408, 'unavailable'],
  ['InvalidImage.Resolution', 400, 'size'],
  ['InvalidImage.Format', 400, 'picture'],
  ['InvalidFile.Size', 400, 'size'],
  ['InvalidFile.Resolution', 400, 'size'],
  ['InvalidFile.URL', 400, 'download'],
  ['InvalidImage.URL', 400, 'download'],
  ['InvalidFile.Download', 400, 'download'],
  ['InvalidImage.DecodeError', 400, 'picture'],
  ['InvalidFile.Decode', 400, 'picture'],
  ['IllegalUrlParameter', 400, 'picture'],
  ['ParameterError', 400, 'picture'],
  ['ClientError.IllegalArgument', 400, 'picture'],
  ['InvalidImage.DownloadError', 400, 'download'],
  ['InvalidImage.Timeout', 400, 'download'],
  ['InvalidImage.Region', 400, 'download'],
  ['AuthFailed', 403, 'permission'],
  ['EntityNotExist.Role', 400, 'account'],
  ['InvalidApi.NotPurchase', 403, 'account'],
  ['InvalidApi.ForbiddenInvoke', 400, 'account'],
  ['InvalidAccessKeyId.NotFound', 404, 'key'],
  ['InvalidAccessKeyId.Inactive', 400, 'key'],
  ['InvalidAccessKeySecret', 400, 'signature'],
  ['InvalidSecurityToken.Expired', 400, 'expired-token'],
  ['InvalidApi.OutOfService', 400, 'account'],
  ['InvalidDB.Status', 400, 'account'],
  ['InvalidCredentials', 400, 'credentials'],
  ['InvalidSecurityToken.MismatchWithAccessKey', 400, 'credentials'],
  ['DBNameNotExist', 400, 'gallery'],
  ['DataNotExist', 400, 'gallery'],
  ['EntityNotExist', 400, 'gallery'],
  ['EntityIdAlreadyExist', 400, 'gallery'],
  ['FaceCountExceed', 400, 'gallery-full'],
  ['FaceImageCountExceed', 400, 'gallery-full'],
  ['ExceedEntityLimit', 400, 'gallery-full'],
  ['BrandNewCode', 400, 'refused'],
  ['BrandNewCode', 429, 'throttled'],
  ['BrandNewCode', 595, 'unavailable'],
])('%s with status %i means %s', (code, status, failure) => {
  const error = toFailure('DetectFace', sdkError(code, status));

  expect(failureOf(error)).toBe(failure);
});

describe('error without an answer', () => {
  test.each<[string, Failure, Error]>([
    ['a refused connection', 'network', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['a broken connection', 'network', Object.assign(new Error('reset'), { code: 'ECONNRESET' })],
    ['a name that does not resolve', 'network', Object.assign(new Error('dns'), { code: 'ENOTFOUND' })],
    [
      'a timeout',
      'unavailable',
      Object.assign(new Error('ReadTimeout(15000)'), { name: 'RequestTimeoutError' }),
    ],
    ['a page instead of JSON', 'unavailable', new SyntaxError('Unexpected token <')],
    [
      'a certificate that nobody signed',
      'network',
      Object.assign(new Error('tls'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    ],
    ['a fault of ours', 'unexpected', new TypeError('undefined is not a function')],
    ['no credentials', 'credentials', Object.assign(new Error('none'), { code: 'InvalidCredentials' })],
  ])('%s means %s', (_, failure, thrown) => {
    const error = toFailure('DetectFace', thrown);

    expect(failureOf(error)).toBe(failure);
    expect(error.cause).toBe(thrown);
  });
});

test('a missing database is recognized by its message', () => {
  const error = toFailure(
    'SearchFace',
    sdkError('ClientError.IllegalArgument', 400, 'not found the db staff'),
  );

  expect(failureOf(error)).toBe('gallery');
});

test('the message contains code, status and request id, and no text of the service', () => {
  const error = toFailure('DetectFace', sdkError('SignatureDoesNotMatch', 400, 'string to sign: LTAIsecret'));

  expect(error.message).toBe('DetectFace: SignatureDoesNotMatch, HTTP 400, request id REQ-1');
  expect(error.details).toMatchObject({
    serviceCode: 'SignatureDoesNotMatch',
    status: 400,
    requestId: 'REQ-1',
  });
  expect(error.cause).toBeUndefined();
  expect(JSON.stringify(error)).not.toContain('LTAIsecret');
});

test('an exhausted quota asks to wait for a second', () => {
  const error = toFailure('DetectFace', sdkError('Throttling'));

  expect(error.retryAfterMs).toBe(1000);
});

test('an AppError is returned unchanged', () => {
  const own = new AppError('Aborted', 'stopped');

  expect(toFailure('DetectFace', own)).toBe(own);
});
