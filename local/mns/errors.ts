import { AppError } from '../../shared/runtime/errors.ts';
import { type ErrorTable, refusalOf } from '../http/refusal.ts';

/** doc: the service's list of error codes; sdk: the error maps and live tests of the official SDKs. */
// biome-ignore format: a table
const MNS_ERRORS = {
  AccessDenied: [403, 'The OwnerId that your Access Key Id associated to is forbidden for this operation.'],
  EndpointInvalid: [400, 'The endpoint you provided is invalid.'],
  InternalError: [500, 'The server encountered an internal error. Try again later.'],
  InvalidAccessKeyId: [403, 'The access Id you provided does not exist.'],
  InvalidArgument: [400, 'An argument is not valid.'],
  InvalidAuthorizationHeader: [400, 'The Authorization header format is invalid.'],
  InvalidContentType: [400, 'The Content-Type header should be "text/xml" or "application/xml".'],
  InvalidDateHeader: [400, 'The Date header is not a valid date.'],
  InvalidDegist: [400, 'The Content-MD5 you specified does not match the body.'],
  InvalidQueueName: [400, 'The queue name should start with a letter or digit and hold letters, digits and hyphens.'],
  InvalidQueryString: [400, 'The query string holds a parameter that the operation does not have.'],
  InvalidRequestURL: [400, 'The request URL names no operation.'],
  InvalidSecurityToken: [403, 'The security token you provided is invalid.'],
  InvalidVersionHeader: [400, 'The x-mns-version header should be 2015-06-06.'],
  MalformedXML: [400, 'The XML you provided was not well-formed or did not validate against our schema.'],
  MessageNotExist: [404, 'Message not exist.'],
  MissingAuthorizationHeader: [400, 'The Authorization header is required.'],
  MissingDateHeader: [400, 'The Date header is required.'],
  MissingReceiptHandle: [400, 'The ReceiptHandle is required.'],
  MissingVersionHeader: [400, 'The x-mns-version header is required.'],
  MissingVisibilityTimeout: [400, 'The VisibilityTimeout is required.'],
  QpsLimitExceeded: [503, 'The request rate of this account is over its limit.'],
  QueueAlreadyExist: [409, 'The queue you want to create already exists with different attributes.'],
  QueueNameLengthError: [400, 'The length of the queue name should be between 1 and 120.'],
  QueueNotExist: [404, 'The queue name you provided is not exist.'],
  ReceiptHandleError: [400, 'The receipt handle you provide is not valid.'],
  SecurityTokenExpired: [403, 'The security token you provided has expired.'],
  SignatureDoesNotMatch: [403, 'The request signature we calculated does not match the signature you provided. Check your key and signing method.'],
  SubscriptionAlreadyExist: [409, 'The subscription you want to create already exists with different attributes.'],
  SubscriptionNameInvalid: [400, 'The subscription name should start with a letter or digit and hold letters, digits and hyphens.'],
  SubscriptionNameLengthError: [400, 'The length of the subscription name should be between 1 and 120.'],
  SubscriptionNotExist: [404, 'The subscription name you provided is not exist.'],
  TimeExpired: [408, 'The request was sent more than 15 minutes before or after the time of the server.'],
  TopicAlreadyExist: [409, 'The topic you want to create already exists with different attributes.'],
  TopicNameInvalid: [400, 'The topic name should start with a letter or digit and hold letters, digits and hyphens.'],
  TopicNameLengthError: [400, 'The length of the topic name should be between 1 and 120.'],
  TopicNotExist: [404, 'The topic name you provided is not exist.'],
} as const satisfies ErrorTable;

export class MnsRefusal extends refusalOf('MnsRefusal', MNS_ERRORS) {}

/** Runs work for a caller in this process, and turns refusals into the project's own errors. */
export async function inProcess<T>(subject: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MnsRefusal)) throw error;
    const isKnown = error.code === 'QueueNotExist' || error.code === 'TopicNotExist';
    throw new AppError(isKnown ? error.code : 'InvalidRequest', `${subject}: ${error.message}`, {
      cause: error,
      details: { mnsCode: error.code },
    });
  }
}
