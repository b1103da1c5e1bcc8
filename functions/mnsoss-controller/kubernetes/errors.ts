import { AppError, type ErrorCode } from '../../../shared/runtime/errors.ts';
import { parseJson } from '../../../shared/runtime/json.ts';

/** `details.status` is the HTTP status, `details.reason` the reason of the API server. */
export function toClusterError(request: string, status: number, text: string): AppError {
  const { reason, message } = (parseJson(text) ?? {}) as { reason?: string; message?: string };
  return new AppError(codeOf(status), `${request} failed with ${status}: ${message ?? 'no reason given'}`, {
    details: { status, reason },
  });
}

export const statusOf = (error: unknown): number | undefined =>
  error instanceof AppError && typeof error.details.status === 'number' ? error.details.status : undefined;

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'AccessDenied';
  if (status === 409 || status === 410) return 'ResourceConflict';
  if (status === 429) return 'Throttled';
  if (status === 404 || status >= 500) return 'ServiceUnavailable'; // a kind may be installed later
  return 'InvalidRequest';
}
