import { refusalOf } from '../http/refusal.ts';

/** doc: the codes of the invocation API with their status; guess: the messages. */
const FC_ERRORS = {
  InvalidArgument: [400, 'an argument is invalid'],
  InvalidAccessKeyID: [403, 'the access key does not exist'],
  SignatureNotMatch: [403, 'the signature does not match the calculated one'],
  SecurityTokenExpired: [403, 'the security token has expired'],
  FunctionNotFound: [404, 'the function does not exist'],
  ServiceNotFound: [404, 'the service does not exist'],
  StatefulAsyncInvocationAlreadyExists: [409, 'the task exists already'],
  ResourceExhausted: [429, 'too many instances of the function are busy'],
  InternalServerError: [500, 'an internal error occurred'],
} as const;

/** What the invocation API refuses before a function runs. */
export class FcRefusal extends refusalOf('FcRefusal', FC_ERRORS) {}
