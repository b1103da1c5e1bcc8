import type { CloudEvent } from 'cloudevents';
import type { OssObjectEvent } from '../envelope/event.ts';
import type { Delivery } from '../runtime/delivery.ts';

export interface DeliverOptions {
  readonly signal: AbortSignal;
  /** The record that the CloudEvent was made of. A sink in this process uses it and parses nothing again. */
  readonly origin?: OssObjectEvent;
}

/** Where CloudEvents go. Throws only `misconfigured` errors of its own; every answer of the other side is a delivery. */
export interface EventSink {
  readonly name: string;
  deliver(event: CloudEvent<unknown>, options: DeliverOptions): Promise<Delivery>;
  close(): Promise<void>;
}
