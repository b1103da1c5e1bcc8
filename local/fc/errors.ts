import { refusalOf } from '../http/refusal.ts';

/** doc: the codes of Function Compute with their status; guess: the messages, and the names of codes for what is not there. */
const FC_ERRORS = {
  AccessDenied: [403, 'the caller is not authorized to perform the action'],
  AliasAlreadyExists: [409, 'the alias exists already'],
  AliasNotFound: [404, 'the alias does not exist'],
  AsyncConfigNotExists: [404, 'the function has no configuration of asynchronous invocations'],
  AsyncTaskNotFound: [404, 'the task does not exist'],
  ConcurrencyConfigNotFound: [404, 'the function has no reserved concurrency'],
  FunctionAlreadyExists: [409, 'the function exists already'],
  FunctionDisabled: [403, 'the function must not be invoked'],
  FunctionNotFound: [404, 'the function does not exist'],
  InternalServerError: [500, 'an internal error occurred'],
  InvalidAccessKeyID: [403, 'the access key does not exist'],
  InvalidArgument: [400, 'an argument is invalid'],
  MethodNotAllowed: [405, 'the trigger does not take this method'],
  NotImplemented: [501, 'the operation is not available in the local cloud'],
  ResourceExhausted: [429, 'too many instances of the function are busy'],
  SecurityTokenExpired: [403, 'the security token has expired'],
  ServiceNotFound: [404, 'the service does not exist'],
  SignatureNotMatch: [403, 'the signature does not match the calculated one'],
  StatefulAsyncInvocationAlreadyExists: [409, 'the task exists already'],
  Throttled: [429, 'too many requests'],
  TriggerAlreadyExists: [409, 'the trigger exists already'],
  TriggerNotFound: [404, 'the trigger does not exist'],
  VersionNotFound: [404, 'the version does not exist'],
} as const;

/** What Function Compute refuses before a function runs. */
export class FcRefusal extends refusalOf('FcRefusal', FC_ERRORS) {}
