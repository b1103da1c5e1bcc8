import type { CloudEvent } from 'cloudevents';
import type { Delivery } from '../runtime/delivery.ts';

/** Where CloudEvents go. Throws only `misconfigured` errors of its own; every answer of the other side is a delivery. */
export interface EventSink {
  readonly name: string;
  deliver(event: CloudEvent<unknown>, options: { signal: AbortSignal }): Promise<Delivery>;
  close(): Promise<void>;
}
