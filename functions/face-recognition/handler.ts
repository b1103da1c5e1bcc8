import { fromCloudEvent } from '../../shared/envelope/cloud-event.ts';
import type { Dispatch } from '../../shared/pipeline/dispatch.ts';
import type { EventHandler } from '../../shared/sinks/in-process.ts';

/** From a CloudEvent of one write to its outcome; errors keep their kind, which decides whether it comes again. */
export function createEventHandler(work: Dispatch): EventHandler {
  return async (event, { signal }) => {
    await work(fromCloudEvent(event), { signal });
  };
}
