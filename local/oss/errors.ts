import { type ErrorTable, refusalOf } from '../http/refusal.ts';

/** sdk: tests compare status, message and EC. */
// biome-ignore format: a table
const OSS_ERRORS = {
  AccessDenied: [403, 'You have no right to access this object because of bucket acl.', '0003-00000001'],
  AccessForbidden: [403, 'CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource\u2019s CORS spec.'],
  AccessKeyIdAndSecurityTokenNotMatch: [403, 'The OSS access key id and security token you provided does not match.'],
  ArchiveRestoreNotFinished: [409, "The archive file's restore is not finished.", '0016-00000719'],
  BucketAlreadyExists: [409, 'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.', '0015-00000104'],
  BucketNotEmpty: [409, 'The bucket has objects. Please delete them first.', '0015-00000301'],
  CallbackFailed: [203, 'Error status : 502.', '0007-00000203'],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed size.'],
  EntityTooSmall: [400, 'Your proposed upload smaller than the minimum allowed size.'],
  FieldItemTooLong: [400, 'Your post field is longer than the maximum allowed size.'],
  FileAlreadyExists: [409, 'The object you specified already exists and can not be overwritten.'],
  InternalError: [500, 'Please contact the server administrator, oss@service.aliyun.com.'],
  // This server's own: the optional package sharp is missing.
  ImageProcessingUnavailable: [501, 'The package sharp is not installed. x-oss-process of images needs it: npm install sharp'],
  InvalidAccessKeyId: [403, 'The OSS Access Key Id you provided does not exist in our records.', '0002-00000902'],
  InvalidArgument: [400, 'Invalid Argument.'],
  InvalidBucketName: [400, 'The specified bucket is not valid.'],
  InvalidDigest: [400, 'The Content-MD5 you specified was invalid.'],
  InvalidEncryptionAlgorithmError: [400, 'The Encryption request you specified is not valid. Supported value: AES256/KMS/SM4.'],
  InvalidLocationConstraint: [400, 'The specified location-constraint is not valid.'],
  InvalidObjectName: [400, 'The specified object is not valid.'],
  InvalidObjectState: [403, "The operation is not valid for the object's state."],
  InvalidPart: [400, "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag."],
  InvalidPartOrder: [400, 'The list of parts was not in ascending order.'],
  InvalidPolicyDocument: [400, 'Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.'],
  InvalidRange: [416, 'The requested range cannot be satisfied.'],
  InvalidRequest: [400, 'Request specific response headers cannot be used for anonymous GET requests.'],
  InvalidSecurityToken: [403, 'The security token you provided is invalid.'],
  InvalidTargetType: [400, 'The symbolic link target must not be a symbolic link.'],
  MalformedPOSTRequest: [400, 'The body of your POST request is not well-formed multipart/form-data.'],
  MalformedXML: [400, 'The XML you provided was not well-formed or did not validate against our published schema.', '0016-00000608'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  NoSuchBucket: [404, 'The specified bucket does not exist.', '0015-00000101'],
  NoSuchBucketPolicy: [404, 'The specified bucket policy does not exist.'],
  NoSuchCORSConfiguration: [404, 'The CORS Configuration does not exist.'],
  NoSuchInventory: [404, 'The specified inventory configuration does not exist.'],
  NoSuchKey: [404, 'The specified key does not exist.', '0026-00000001'],
  NoSuchLifecycle: [404, 'No Row found in Lifecycle Table.'],
  NoSuchRegion: [404, 'The specified region does not exist.'],
  NoSuchServerSideEncryptionRule: [404, 'The server side encryption configuration was not found.'],
  NoSuchUpload: [404, 'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.', '0042-00000002'],
  NoSuchVersion: [404, 'The specified version does not exist.'],
  NoSuchWebsiteConfiguration: [404, 'The specified bucket does not have a website configuration.'],
  NotImplemented: [400, 'A header you provided implies functionality that is not implemented.'],
  ObjectNotAppendable: [409, 'The object is not appendable.'],
  OperationNotSupported: [400, 'The operation is not supported for this resource', '0016-00000702'],
  PartNotSequential: [400, 'The part number is not sequential.'],
  PositionNotEqualToLength: [409, 'Position is not equal to file length', '0026-00000016'],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold.'],
  QpsLimitExceeded: [503, 'The request rate of this account is over its limit.'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and the current time is too large.'],
  RequestTimeout: [400, 'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.'],
  RestoreAlreadyInProgress: [409, 'The restore operation is in progress.'],
  SecondLevelDomainForbidden: [403, 'The bucket you are attempting to access must be addressed using OSS third level domain.', '0017-00000104'],
  SecurityTokenExpired: [403, 'The security token you provided has expired.'],
  SignatureDoesNotMatch: [403, 'The request signature we calculated does not match the signature you provided. Check your key and signing method.', '0002-00000040'],
  SymlinkTargetNotExist: [404, 'The symlink target object does not exist.'],
  TooManyBuckets: [400, 'You have attempted to create more buckets than allowed.'],
} as const satisfies ErrorTable;

export type OssErrorCode = keyof typeof OSS_ERRORS;

export class OssRefusal extends refusalOf('OssRefusal', OSS_ERRORS) {
  /** The same error, answered with further headers. */
  with(headers: Readonly<Record<string, string | undefined>>): OssRefusal {
    const { message, elements, cause, ec } = this;
    return new OssRefusal(this.code, {
      message,
      elements,
      headers: { ...headers, ...this.headers },
      cause,
      ec,
    });
  }
}

export function invalidArgument(name: string, value: string, message?: string, ec?: string): OssRefusal {
  return new OssRefusal('InvalidArgument', {
    message,
    ec,
    elements: { ArgumentName: name, ArgumentValue: value },
  });
}

/** For what this server knows that it does not do: it never answers as if it had done it. */
export function notImplemented(what: string): OssRefusal {
  return new OssRefusal('NotImplemented', {
    message: what.startsWith('?')
      ? `The parameter ${what} implies functionality that is not implemented.`
      : undefined,
    elements: { Header: what },
  });
}
