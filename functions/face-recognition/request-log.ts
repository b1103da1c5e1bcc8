import { AsyncLocalStorage } from 'node:async_hooks';
import type { LogFields, Logger } from '../../shared/runtime/log.ts';

const current = new AsyncLocalStorage<string>();

/** Runs `work` as part of a request: each line that it logs has the request id. */
export function inRequest<T>(requestId: string, work: () => Promise<T>): Promise<T> {
  return current.run(requestId, work);
}

/** Adds the request id to each line. A logger is created once and used by many requests. */
export function withRequestId(logger: Logger): Logger {
  const tagged = (fields: LogFields): LogFields => {
    const requestId = current.getStore();
    return requestId === undefined ? fields : { requestId, ...fields };
  };
  return {
    debug: (fields, message) => logger.debug(tagged(fields), message),
    info: (fields, message) => logger.info(tagged(fields), message),
    warn: (fields, message) => logger.warn(tagged(fields), message),
    error: (fields, message) => logger.error(tagged(fields), message),
    child: (fields) => withRequestId(logger.child(fields)),
  };
}
