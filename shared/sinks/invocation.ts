import { createHash } from 'node:crypto';
import type { CloudEvent } from 'cloudevents';
import type { Clock } from '../runtime/clock.ts';
import type { CredentialProvider } from '../runtime/credentials.ts';
import { AppError } from '../runtime/errors.ts';
import { excerpt } from './exchange.ts';
import type { Delivery } from './sink.ts';

/** What invoking a function takes, whichever version of Function Compute runs it. */
export interface InvocationOptions {
  readonly region: string;
  readonly accountId: string;
  readonly functionName: string;
  /** Version or alias; the service's default, LATEST, when absent. */
  readonly qualifier?: string;
  /**
   * - `sync`: the event is accepted when the function has returned; a failure is delivered again by whoever calls.
   * - `async`: it is accepted when Function Compute has stored it; failures are retried and dead-lettered there.
   *   At most 128 KB.
   */
  readonly invocation: 'sync' | 'async';
  /**
   * Gives asynchronous tasks an id made of the event's, so that Function Compute runs a redelivered event once. The
   * function must have task mode on. An event whose task has failed for good cannot be run again under its id: leave
   * this off where dead letters are redriven.
   */
  readonly deduplicate?: boolean;
  readonly credentials: CredentialProvider;
  /** Default the account's endpoint in the region, over HTTPS. */
  readonly endpoint?: string;
  /** Use the endpoint inside Alibaba Cloud's network. */
  readonly internal?: boolean;
  /** Milliseconds; for `sync` more than the function's own timeout. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export function invocationEndpoint({ endpoint, accountId, region, internal }: InvocationOptions): string {
  return endpoint ?? `https://${accountId}.${region}${internal ? '-internal' : ''}.fc.aliyuncs.com`;
}

/** Names end up in a signed path. Throws `ConfigInvalid`. */
export function assertNames(names: {
  service?: string;
  function: string;
  qualifier?: string | undefined;
}): void {
  for (const [what, name] of Object.entries(names)) {
    if (name === undefined || /^[A-Za-z0-9_-]{1,128}$/.test(name)) continue;
    throw new AppError(
      'ConfigInvalid',
      `the name of the ${what} needs 1 to 128 letters, digits, _ or -, got "${name}"`,
    );
  }
}

/** At most 128 letters, digits, `_` and `-`. The key is part of it, as one request can delete many objects. */
export function taskIdOf(event: CloudEvent<unknown>): string {
  const identity = [event.source, event.id, event.type, event.subject].join('\n');
  return `oss_${createHash('sha256').update(identity).digest('hex')}`;
}

/** An answer of the invocation API. */
export interface InvocationAnswer {
  readonly status: number;
  readonly requestId?: string | undefined;
  /** The header `x-fc-error-type`: the function failed although the call succeeded. */
  readonly functionError?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** What is wrong with the caller's rights, clock or configuration is not the fault of the event. */
const RETRYABLE: ReadonlySet<number> = new Set([401, 403, 404, 408, 409, 429]);
const RETRYABLE_CODES = /signature|accesskey|securitytoken|timestamp/i;

/** Source: InvokeFunction of the APIs 2016-08-15 and 2023-03-30; 409 of tasks: "Task deduplication". */
export function judgeInvocation(answer: InvocationAnswer, { deduplicate }: InvocationOptions): Delivery {
  const { status, functionError, errorCode, retryAfterMs } = answer;
  if (status >= 200 && status < 300) {
    if (functionError === undefined) return { result: 'accepted' };
    return { result: 'retry', reason: describe(answer, `FunctionFailed: ${functionError}`) };
  }
  if (status === 409 && deduplicate) return { result: 'accepted' };
  const reason = describe(answer, `HTTP ${status}`);
  if (status < 500 && !RETRYABLE.has(status) && !RETRYABLE_CODES.test(errorCode ?? '')) {
    return { result: 'rejected', reason, code: 'SinkRejected' };
  }
  return {
    result: 'retry',
    reason,
    retryAfterMs,
    ...((status === 429 || status === 503) && { overloaded: true }),
  };
}

function describe({ errorCode, errorMessage, requestId }: InvocationAnswer, what: string): string {
  // A service that computes another signature quotes what it signed, tokens included.
  const message = /signature/i.test(errorCode ?? '') ? undefined : errorMessage && excerpt(errorMessage);
  const explanation = [errorCode, message].filter(Boolean).join(': ');
  return [what, explanation, requestId && `request id ${requestId}`].filter(Boolean).join(', ');
}

/** Calls again once with new credentials when the service says that a token has expired. */
export async function withFreshCredentials(
  credentials: CredentialProvider,
  invoke: (held: Awaited<ReturnType<CredentialProvider>>) => Promise<InvocationAnswer>,
): Promise<InvocationAnswer> {
  const answer = await invoke(await credentials());
  const isExpired = /securitytoken/i.test(answer.errorCode ?? '');
  return isExpired ? invoke(await credentials({ refresh: true })) : answer;
}
