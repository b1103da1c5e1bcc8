import { fromCloudEvent } from '../../shared/envelope/cloud-event.ts';
import type { Pipeline } from '../../shared/pipeline/process.ts';
import type { EventHandler } from '../../shared/sinks/in-process.ts';

/** From a CloudEvent of one write to its outcome; errors keep their kind, which decides whether it comes again. */
export function createEventHandler(pipeline: Pipeline): EventHandler {
  return async (event, { signal }) => {
    await pipeline(fromCloudEvent(event), { signal });
  };
}
