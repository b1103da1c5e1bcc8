/** doc: the codes of the invocation API with their status. */
const STATUS = {
  InvalidArgument: 400,
  InvalidAccessKeyID: 403,
  SignatureNotMatch: 403,
  SecurityTokenExpired: 403,
  FunctionNotFound: 404,
  ServiceNotFound: 404,
  StatefulAsyncInvocationAlreadyExists: 409,
  ResourceExhausted: 429,
  InternalServerError: 500,
} as const;

/** What the invocation API refuses, before any function is involved. */
export class FcRefusal extends Error {
  readonly code: keyof typeof STATUS;
  readonly status: number;

  constructor(code: keyof typeof STATUS, message: string) {
    super(message);
    this.name = 'FcRefusal';
    this.code = code;
    this.status = STATUS[code];
  }
}
