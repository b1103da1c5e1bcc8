import type { Tree } from './types.ts';

export interface Cause {
  readonly field: string;
  readonly reason: string;
  readonly message: string;
}

interface Subject {
  readonly group?: string;
  readonly kind: string;
  readonly name?: string;
}

/** An error answer. Its body is a `Status` of the API. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly details?: Tree;

  constructor(code: number, reason: string, message: string, details?: Tree) {
    super(message);
    this.code = code;
    this.reason = reason;
    if (details) this.details = details;
  }
}

export function statusBody(error: ApiError): Tree {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    reason: error.reason,
    ...(error.details && { details: error.details }),
    code: error.code,
  };
}

const qualified = ({ group, kind }: Subject) => (group ? `${kind}.${group}` : kind);

const detailsOf = ({ group, kind, name }: Subject): Tree => ({
  ...(name && { name }),
  ...(group && { group }),
  kind,
});

/** `kind` is the plural name of the resource here, as in the real API. */
export const notFound = (subject: Subject) =>
  new ApiError(404, 'NotFound', `${qualified(subject)} "${subject.name}" not found`, detailsOf(subject));

export const noSuchPath = () =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource');

export const alreadyExists = (subject: Subject) =>
  new ApiError(
    409,
    'AlreadyExists',
    `${qualified(subject)} "${subject.name}" already exists`,
    detailsOf(subject),
  );

export const conflict = (subject: Subject, why = STALE) =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(subject)} "${subject.name}": ${why}`,
    detailsOf(subject),
  );

const STALE = 'the object has been modified; please apply your changes to the latest version and try again';

/** `kind` is the name of the kind. */
export function invalid(subject: Subject, causes: readonly Cause[]): ApiError {
  const lines = causes.map(({ field, message }) => (field ? `${field}: ${message}` : message));
  const all = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  return new ApiError(422, 'Invalid', `${qualified(subject)} "${subject.name}" is invalid: ${all}`, {
    ...detailsOf(subject),
    causes: causes.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}

export const forbidden = (message: string) => new ApiError(403, 'Forbidden', message);
export const unauthorized = () => new ApiError(401, 'Unauthorized', 'Unauthorized');
export const badRequest = (message: string) => new ApiError(400, 'BadRequest', message);
export const gone = (message: string) => new ApiError(410, 'Expired', message);
export const methodNotAllowed = () =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
export const unsupportedMediaType = (message: string) => new ApiError(415, 'UnsupportedMediaType', message);
