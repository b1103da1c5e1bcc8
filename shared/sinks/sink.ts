import type { CloudEvent } from 'cloudevents';
import type { OssObjectEvent } from '../envelope/event.ts';

/**
 * What a sink said of one event.
 * - `accepted`: the event has an outcome; its record is done.
 * - `retry`: deliver again, not before `retryAfterMs` if given; `overloaded` lowers the concurrency.
 * - `rejected`: never deliver again; the event belongs to the dead letters.
 */
export type Delivery =
  | { readonly result: 'accepted' }
  | {
      readonly result: 'retry';
      readonly reason: string;
      readonly retryAfterMs?: number;
      readonly overloaded?: boolean;
    }
  | { readonly result: 'rejected'; readonly reason: string; readonly code: string };

export interface DeliverOptions {
  readonly signal: AbortSignal;
  /** The record that the CloudEvent was made of. A sink in this process uses it and parses nothing again. */
  readonly origin?: OssObjectEvent;
}

/** Where CloudEvents go. Never throws for what the other side says; only for its own misconfiguration. */
export interface EventSink {
  readonly name: string;
  deliver(event: CloudEvent<unknown>, options: DeliverOptions): Promise<Delivery>;
  close(): Promise<void>;
}
