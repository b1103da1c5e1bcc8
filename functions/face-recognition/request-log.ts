import { AsyncLocalStorage } from 'node:async_hooks';
import type { LogFields } from '../../shared/runtime/log.ts';

const current = new AsyncLocalStorage<string>();

/** Runs `work` as part of a request: each line that it logs has the request id. */
export function inRequest<T>(requestId: string, work: () => Promise<T>): Promise<T> {
  return current.run(requestId, work);
}

/** The request id as a field of the log. A logger is created once and used by many requests. */
export function requestFields(): LogFields {
  return { requestId: current.getStore() };
}
