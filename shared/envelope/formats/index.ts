import type { Envelope } from '../envelope.ts';
import { asyncDestination } from './async-destination.ts';
import { base64 } from './base64.ts';
import { cloudevent, eventbridgeOss } from './cloudevent.ts';
import { cloudeventsBatch } from './cloudevents-batch.ts';
import { httpV1 } from './http-v1.ts';
import { jsonString } from './json-string.ts';
import { mnsQueueEvent } from './mns-queue-event.ts';
import { mnsTopicJson } from './mns-topic-json.ts';
import { mnsTopicStream } from './mns-topic-stream.ts';
import { mnsTopicXml } from './mns-topic-xml.ts';
import { ossNotification } from './oss-notification.ts';
import { ossRecord } from './oss-record.ts';

/** In the order in which they are tried. `cloudevent` also matches EventBridge's events, so it comes after them. */
export const ENVELOPES: readonly Envelope[] = [
  ossNotification,
  eventbridgeOss,
  mnsQueueEvent,
  cloudevent,
  cloudeventsBatch,
  mnsTopicJson,
  mnsTopicXml,
  mnsTopicStream,
  httpV1,
  asyncDestination,
  ossRecord,
  jsonString,
  base64,
];
