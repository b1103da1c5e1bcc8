import { createHash } from 'node:crypto';
import type { CloudEvent } from 'cloudevents';
import type { Clock } from '../runtime/clock.ts';
import type { CredentialProvider, Credentials } from '../runtime/credentials.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { AppError } from '../runtime/errors.ts';
import { excerpt, judgeRefusal } from './exchange.ts';

/** What both versions of Function Compute need to invoke a function. */
export interface InvocationOptions {
  readonly region: string;
  readonly accountId: string;
  readonly functionName: string;
  /** Version or alias. `@default 'LATEST'` */
  readonly qualifier?: string;
  /**
   * - `sync`: the event is accepted when the function has returned. The caller delivers it again after a failure.
   * - `async`: it is accepted when Function Compute has stored it, which then retries and dead-letters failures. At most
   *   128 KB.
   */
  readonly invocation: 'sync' | 'async';
  /**
   * Derives the id of an asynchronous task from the event, and so Function Compute runs a redelivered event only once. The
   * function must have task mode on. An event whose task has finally failed cannot run again under its id: leave this
   * off where dead letters are redriven.
   */
  readonly deduplicate?: boolean;
  readonly credentials: CredentialProvider;
  /** `@default` the account's endpoint in the region, over HTTPS */
  readonly endpoint?: string;
  /** Milliseconds; for `sync` more than the function's own timeout. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export function invocationEndpoint({ endpoint, accountId, region }: InvocationOptions): string {
  return endpoint ?? `https://${accountId}.${region}.fc.aliyuncs.com`;
}

/** Names become parts of a signed path. Throws `ConfigInvalid`. */
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

/** At most 128 letters, digits, `_` and `-`. The key is part of it, because one request can delete many objects. */
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

/** Wrong permissions, clock or configuration of the caller are not the event's fault. */
const SENDER_AT_FAULT = { statuses: [401, 403], codes: /signature|accesskey|securitytoken|timestamp/i };

/** Source: InvokeFunction of the APIs 2016-08-15 and 2023-03-30; 409 of tasks: "Task deduplication". */
export function judgeInvocation(answer: InvocationAnswer, { deduplicate }: InvocationOptions): Delivery {
  const { status, functionError, errorCode, retryAfterMs } = answer;
  if (status >= 200 && status < 300) {
    if (functionError === undefined) return { result: 'accepted' };
    return { result: 'retry', reason: describe(answer, `FunctionFailed: ${functionError}`) };
  }
  if (status === 409 && deduplicate) return { result: 'accepted' };
  const { statuses, codes } = SENDER_AT_FAULT;
  const isRetryable = statuses.includes(status) || codes.test(errorCode ?? '');
  return judgeRefusal({ status, reason: describe(answer, `HTTP ${status}`), retryAfterMs }, isRetryable);
}

function describe({ errorCode, errorMessage, requestId }: InvocationAnswer, what: string): string {
  // A service that computes a different signature quotes what it signed, tokens included.
  const message = /signature/i.test(errorCode ?? '') ? undefined : errorMessage && excerpt(errorMessage);
  const explanation = [errorCode, message].filter(Boolean).join(': ');
  return [what, explanation, requestId && `request id ${requestId}`].filter(Boolean).join(', ');
}

/** Invokes once more with new credentials when the service says that the token has expired. */
export async function withFreshCredentials(
  credentials: CredentialProvider,
  invoke: (credentials: Credentials) => Promise<InvocationAnswer>,
): Promise<InvocationAnswer> {
  const answer = await invoke(await credentials());
  const isExpired = /securitytoken/i.test(answer.errorCode ?? '');
  return isExpired ? invoke(await credentials({ refresh: true })) : answer;
}
