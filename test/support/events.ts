import type { OssObjectEvent } from '../../shared/envelope/event.ts';

/** An event of an uploaded photo. A test names only the fields that matter to it. */
export function anEvent(changes: Partial<OssObjectEvent> = {}): OssObjectEvent {
  const event = {
    eventName: 'ObjectCreated:PutObject',
    eventTime: '2026-01-01T00:00:00.000Z',
    region: 'cn-hangzhou',
    accountId: '1000000000000001',
    bucket: 'photos',
    key: 'incoming/a.jpg',
    requestId: '65A1B2C3D4E5F60718293A4B',
    envelopes: ['oss-notification'],
    ...changes,
  } satisfies Omit<OssObjectEvent, 'id' | 'record'>;
  return {
    id: `${event.requestId}.0`,
    record: {
      eventName: event.eventName,
      eventSource: 'acs:oss',
      eventTime: event.eventTime,
      region: event.region,
      responseElements: { requestId: event.requestId },
      oss: { bucket: { name: event.bucket }, object: { key: event.key } },
    },
    ...event,
  };
}
