/** Status, message and EC of every error the server answers with: wire data, compared by SDK tests. */
const ERRORS = {
  AccessDenied: [403, 'You have no right to access this object because of bucket acl.', '0003-00000001'],
  AccessForbidden: [
    403,
    'CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource\u2019s CORS spec.',
  ],
  AccessKeyIdAndSecurityTokenNotMatch: [
    403,
    'The OSS access key id and security token you provided does not match.',
  ],
  BucketAlreadyExists: [
    409,
    'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
    '0015-00000104',
  ],
  BucketNotEmpty: [409, 'The bucket has objects. Please delete them first.', '0015-00000301'],
  CallbackFailed: [203, 'Error status : 502.', '0007-00000203'],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed size.'],
  EntityTooSmall: [400, 'Your proposed upload smaller than the minimum allowed size.'],
  FieldItemTooLong: [400, 'Your post field is longer than the maximum allowed size.'],
  FileAlreadyExists: [409, 'The object you specified already exists and can not be overwritten.'],
  InternalError: [500, 'Please contact the server administrator, oss@service.aliyun.com.'],
  InvalidAccessKeyId: [
    403,
    'The OSS Access Key Id you provided does not exist in our records.',
    '0002-00000902',
  ],
  InvalidArgument: [400, 'Invalid Argument.'],
  InvalidBucketName: [400, 'The specified bucket is not valid.'],
  InvalidDigest: [400, 'The Content-MD5 you specified was invalid.'],
  InvalidObjectName: [400, 'The specified object is not valid.'],
  InvalidObjectState: [403, "The operation is not valid for the object's state."],
  InvalidPart: [
    400,
    "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.",
  ],
  InvalidPartOrder: [400, 'The list of parts was not in ascending order.'],
  InvalidPolicyDocument: [
    400,
    'Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.',
  ],
  InvalidRange: [416, 'The requested range cannot be satisfied.'],
  InvalidRequest: [400, 'Request specific response headers cannot be used for anonymous GET requests.'],
  InvalidSecurityToken: [403, 'The security token you provided is invalid.'],
  InvalidTargetType: [400, 'The symbolic link target must not be a symbolic link.'],
  MalformedPOSTRequest: [400, 'The body of your POST request is not well-formed multipart/form-data.'],
  MalformedXML: [
    400,
    'The XML you provided was not well-formed or did not validate against our published schema.',
    '0016-00000608',
  ],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  NoSuchBucket: [404, 'The specified bucket does not exist.', '0015-00000101'],
  NoSuchBucketPolicy: [404, 'The specified bucket policy does not exist.'],
  NoSuchCORSConfiguration: [404, 'The CORS Configuration does not exist.'],
  NoSuchInventory: [404, 'The specified inventory configuration does not exist.'],
  NoSuchKey: [404, 'The specified key does not exist.', '0026-00000001'],
  NoSuchLifecycle: [404, 'No Row found in Lifecycle Table.'],
  NoSuchServerSideEncryptionRule: [404, 'The server side encryption configuration was not found.'],
  NoSuchUpload: [
    404,
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
  ],
  NoSuchVersion: [404, 'The specified version does not exist.'],
  NoSuchWebsiteConfiguration: [404, 'The specified bucket does not have a website configuration.'],
  NotImplemented: [400, 'A header you provided implies functionality that is not implemented.'],
  ObjectNotAppendable: [409, 'The object is not appendable.'],
  OperationNotSupported: [400, 'The operation is not supported for this resource', '0016-00000702'],
  PositionNotEqualToLength: [409, 'Position is not equal to file length', '0026-00000016'],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold.'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and the current time is too large.'],
  RequestTimeout: [
    400,
    'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.',
  ],
  RestoreAlreadyInProgress: [409, 'The restore operation is in progress.'],
  SecurityTokenExpired: [403, 'The security token you provided has expired.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    '0002-00000040',
  ],
  SymlinkTargetNotExist: [404, 'The symlink target object does not exist.'],
  TooManyBuckets: [400, 'You have attempted to create more buckets than allowed.'],
} as const satisfies Record<string, readonly [status: number, message: string, ec?: string]>;

export type OssErrorCode = keyof typeof ERRORS;

export interface OssErrorOptions {
  readonly message?: string;
  /** Further elements of the error document, such as `Key` or `BucketName`. */
  readonly elements?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly cause?: unknown;
}

/** An answer of the server that is an error: its code tells status, message and EC. */
export class OssError extends Error {
  override readonly name = 'OssError';
  readonly code: OssErrorCode;
  readonly status: number;
  readonly ec: string | undefined;
  readonly elements: Readonly<Record<string, string | undefined>>;
  readonly headers: Readonly<Record<string, string | undefined>>;

  constructor(code: OssErrorCode, { message, elements = {}, headers = {}, cause }: OssErrorOptions = {}) {
    const [status, text, ec]: readonly [number, string, string?] = ERRORS[code];
    super(message ?? text, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.ec = ec;
    this.elements = elements;
    this.headers = headers;
  }

  /** The same error, answered with further headers. */
  with(headers: Readonly<Record<string, string | undefined>>): OssError {
    const { message, elements, cause } = this;
    return new OssError(this.code, { message, elements, headers: { ...headers, ...this.headers }, cause });
  }
}

export function isOssError(error: unknown, ...codes: OssErrorCode[]): error is OssError {
  return error instanceof OssError && (codes.length === 0 || codes.includes(error.code));
}

export function invalidArgument(name: string, value: string, message = `Invalid Argument.`): OssError {
  return new OssError('InvalidArgument', {
    message,
    elements: { ArgumentName: name, ArgumentValue: value },
  });
}

/** What the server knows it does not do; never answered as if it had been done. */
export function notImplemented(what: string): OssError {
  return new OssError('NotImplemented', { elements: { Header: what } });
}
