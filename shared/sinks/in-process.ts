import type { CloudEvent } from 'cloudevents';
import { orAborted } from '../runtime/abort.ts';
import { deliveryOf } from '../runtime/delivery.ts';
import { toAppError } from '../runtime/errors.ts';
import type { DeliverOptions, EventSink } from './sink.ts';

/** Handles one event. The kind of an error decides whether the event is delivered again. */
export type EventHandler = (event: CloudEvent<unknown>, options: DeliverOptions) => Promise<void>;

/** Calls a function of this process. A `misconfigured` error is thrown, because it is this process that has to stop. */
export function createInProcessSink(handler: EventHandler): EventSink {
  return {
    name: 'in-process',
    async deliver(event, options) {
      try {
        await orAborted(options.signal, () => handler(event, options));
        return { result: 'accepted' };
      } catch (thrown) {
        const error = toAppError(thrown);
        if (error.kind === 'misconfigured') throw error;
        return deliveryOf(error);
      }
    },
    async close() {},
  };
}
