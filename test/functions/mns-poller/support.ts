import type { CloudEvent } from 'cloudevents';
import type { HandleContext, RecordDelivery } from '../../../shared/mns/consumer/index.ts';
import type { ReceivedMessage } from '../../../shared/mns/queue.ts';
import type { Delivery } from '../../../shared/runtime/delivery.ts';
import type { EventSink } from '../../../shared/sinks/sink.ts';
import { notificationText, ossRecord } from '../../support/oss-record.ts';

/** The body of a message as OSS sends it: Base64 of a notification with a record for each key. */
export function bodyOf(...keys: string[]): string {
  return notificationText(...keys.map((key) => ossRecord({ key, requestId: key.replaceAll(/\W/g, '-') })));
}

export function aMessage(changes: Partial<ReceivedMessage> = {}): ReceivedMessage {
  return {
    messageId: 'A1',
    receiptHandle: 'handle',
    body: bodyOf('one.jpg'),
    bodyMD5: '',
    enqueueTime: 0,
    firstDequeueTime: 0,
    nextVisibleTime: 30_000,
    dequeueCount: 1,
    priority: 8,
    ...changes,
  };
}

export function aContext(
  deliveries: RecordDelivery[] = [],
  signal = new AbortController().signal,
): HandleContext {
  return { signal, attempt: 1, recordDelivered: (delivery) => void deliveries.push(delivery) };
}

/** A sink that answers as told and keeps what it got. */
export function sinkOf(answer: (event: CloudEvent<unknown>) => Delivery | Promise<Delivery>) {
  const events: CloudEvent<unknown>[] = [];
  const sink: EventSink = {
    name: 'test',
    async deliver(event) {
      events.push(event);
      return answer(event);
    },
    async close() {},
  };
  return { sink, events };
}
