import { refusalOf } from '../http/refusal.ts';

/** doc: the common error codes of Log Service and those of its operations. */
const LOG_ERRORS = {
  IndexAlreadyExist: [400, 'log store index already exists'],
  IndexConfigNotExist: [404, "index config doesn't exist"],
  InternalServerError: [500, 'internal server error'],
  LogStoreAlreadyExist: [400, 'logstore already exists'],
  LogStoreNotExist: [404, 'logstore does not exist'],
  MissAccessKeyId: [400, 'x-log-accesskeyid not found'],
  NotImplemented: [501, 'the operation is not available in the local cloud'],
  ParameterInvalid: [400, 'a parameter is not valid'],
  PostBodyInvalid: [400, 'the body is not valid'],
  ProjectAlreadyExist: [400, 'project already exists'],
  ProjectNotExist: [404, 'the project does not exist'],
  ProjectNotEmpty: [400, 'the project is not empty'],
  RequestTimeExpired: [400, 'the request time is too far from the time of the server'],
  SignatureNotMatch: [401, 'signature does not match'],
  Unauthorized: [401, 'the access key is not authorized'],
  WriteQuotaExceed: [403, 'write quota is exceeded'],
} as const;

export class LogRefusal extends refusalOf('LogRefusal', LOG_ERRORS) {}
