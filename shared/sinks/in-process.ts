import type { CloudEvent } from 'cloudevents';
import { toAppError } from '../runtime/errors.ts';
import { orAborted } from './abort.ts';
import type { DeliverOptions, Delivery, EventSink } from './sink.ts';

/** Handles an event to its outcome; the kind of an error decides whether the event is delivered again. */
export type EventHandler = (event: CloudEvent<unknown>, options: DeliverOptions) => Promise<void>;

/**
 * Calls a function of this process. The one error that passes through is `misconfigured`: the process that should stop
 * loudly is this one.
 */
export function createInProcessSink(handler: EventHandler): EventSink {
  return {
    name: 'in-process',
    async deliver(event, options) {
      try {
        await orAborted(options.signal, () => handler(event, options));
        return { result: 'accepted' };
      } catch (error) {
        return judge(error);
      }
    },
    async close() {},
  };
}

function judge(thrown: unknown): Delivery {
  const error = toAppError(thrown);
  const reason = `${error.code}: ${error.message}`;
  const { retryAfterMs } = error;
  switch (error.kind) {
    case 'misconfigured':
      throw error;
    case 'permanent':
      return { result: 'rejected', reason, code: error.code };
    case 'transient':
    case 'throttled':
      return {
        result: 'retry',
        reason,
        retryAfterMs,
        ...(error.kind === 'throttled' && { overloaded: true }),
      };
  }
}
