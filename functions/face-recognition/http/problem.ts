import type { AppError, ErrorCode } from '../../../shared/runtime/errors.ts';

/** An answer over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const STATUS = { permanent: 422, throttled: 429, transient: 503, misconfigured: 500 } as const;

/** The answer for an error, by its kind: 4xx is final; 429 and 503 may pass after `Retry-After`. */
export function problemOf({ kind, code, message, retryAfterMs = 1000 }: AppError): HttpAnswer {
  const again = kind === 'throttled' || kind === 'transient';
  return problem(STATUS[kind], code, message, {
    ...(again && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
  });
}

/** The answer that reports a failure. */
export function problem(
  status: number,
  code: ErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: `${JSON.stringify({ code, message })}\n`,
  };
}
