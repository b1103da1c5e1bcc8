import { CloudEvent, type CloudEventV1, HTTP } from 'cloudevents';
import { AppError } from '../runtime/errors.ts';
import type { OssObjectEvent, OssRecord } from './event.ts';
import { EVENT_SOURCE } from './event-types.ts';
import { encodeHeaderValue } from './http-message.ts';
import { openEnvelope } from './open-envelope.ts';

/** Where the event comes from. For logs only: its identity never depends on it. */
export interface EventExtensions {
  readonly mnsqueue?: string;
  readonly mnsmessageid?: string;
  readonly mnsdequeuecount?: number;
  /** W3C Trace Context. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/**
 * The data of an event:
 * - `record`: one record, as EventBridge sends it.
 * - `notification`: `{"events": [record]}`, as OSS publishes it and as ACK's MnsOss event source forwards it.
 */
export type EventData = 'record' | 'notification';

/** With EventBridge's type, source and subject, and the record's id and time. */
export function toCloudEvent(
  event: OssObjectEvent,
  extensions: EventExtensions = {},
  data: EventData = 'record',
): CloudEvent<OssRecord | { readonly events: readonly OssRecord[] }> {
  return new CloudEvent<OssRecord | { readonly events: readonly OssRecord[] }>({
    id: event.id,
    source: EVENT_SOURCE,
    type: `oss:${event.eventName}`,
    subject: `acs:oss:${event.region}:${event.accountId}:${event.bucket}/${event.key}`,
    time: event.eventTime,
    datacontenttype: 'application/json',
    data: data === 'record' ? event.record : { events: [event.record] },
    ...Object.fromEntries(Object.entries(extensions).filter(([, value]) => value !== undefined)),
  });
}

/**
 * Accepts every CloudEvent that holds exactly one record, ours and EventBridge's among them. Time and subject are not read:
 * the record has both, and old samples of EventBridge contain invalid timestamps. Throws the fault that `openEnvelope` finds.
 */
export function fromCloudEvent(cloudEvent: CloudEventV1<unknown>): OssObjectEvent {
  const { events, faults } = openEnvelope(cloudEvent);
  if (faults[0]) throw faults[0].error;
  const [event] = events;
  if (!event || events.length > 1) {
    throw new AppError('EnvelopeUnknown', `expected a CloudEvent with one record, got ${events.length}`, {
      details: { eventId: cloudEvent.id },
    });
  }
  return event;
}

export type HttpMode = 'binary' | 'structured';

/** Headers, with names in lower case, and body of a request in CloudEvents' HTTP binding. */
export function toHttpMessage(
  event: CloudEvent<unknown>,
  mode: HttpMode,
): { headers: Record<string, string>; body: Buffer } {
  const message = HTTP[mode](event);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    // The SDK does not encode values, and a header cannot hold a key with a space or an umlaut.
    headers[name] = name.startsWith('ce-') ? encodeHeaderValue(String(value)) : String(value);
  }
  const { body } = message;
  return { headers, body: Buffer.from(body instanceof Uint8Array ? body : String(body ?? '')) };
}
