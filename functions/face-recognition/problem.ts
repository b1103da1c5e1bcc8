import type { AppError, ErrorCode } from '../../shared/runtime/errors.ts';

/** An answer over HTTP that tells of a failure. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const STATUS = { permanent: 422, throttled: 429, transient: 503, misconfigured: 500 } as const;

/** By the kind of the error: 4xx will not pass, 429 and 503 may, after `Retry-After`. */
export function problemOf({ kind, code, message, retryAfterMs = 1000 }: AppError): Problem {
  const again = kind === 'throttled' || kind === 'transient';
  return problem(STATUS[kind], code, message, {
    ...(again && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
  });
}

export function problem(
  status: number,
  code: ErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Problem {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: `${JSON.stringify({ code, message })}\n`,
  };
}
