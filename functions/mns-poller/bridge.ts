import { type EventData, toCloudEvent } from '../../shared/envelope/cloud-event.ts';
import type { OssObjectEvent } from '../../shared/envelope/event.ts';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import type { Handle, HandleContext } from '../../shared/mns/consumer/index.ts';
import type { ReceivedMessage } from '../../shared/mns/queue.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { type Delivery, deliveryOf, type RetryDelivery } from '../../shared/runtime/delivery.ts';
import { toAppError } from '../../shared/runtime/errors.ts';
import { createRecentMap } from '../../shared/runtime/recent.ts';
import type { EventSink } from '../../shared/sinks/sink.ts';
import { inSpan } from './tracing.ts';

export interface BridgeOptions {
  readonly sink: EventSink;
  readonly queueName: string;
  readonly clock: Clock;
  /** `@default 'record'` */
  readonly eventData?: EventData;
}

/** Messages whose settled records are remembered. Older ones are delivered again in full, which is harmless. */
const MAX_REMEMBERED = 10_000;

/**
 * Delivers the records of each message to the sink as CloudEvents, one after another. When a message comes again, records
 * that the sink has accepted or rejected are not delivered again. The message is accepted when every record is; it is
 * rejected when none is left to retry and the sink rejected one or a part of the message cannot be read.
 */
export function createBridge({ sink, queueName, clock, eventData }: BridgeOptions): Handle {
  /** By message id: the final delivery of the record at each index of the opened body. */
  const settled = createRecentMap<string, Map<number, Delivery>>(MAX_REMEMBERED);

  return async (message, context) => {
    const { events, faults } = openEnvelope(message.body);
    const outcomes = settled.get(message.messageId) ?? new Map<number, Delivery>();
    settled.set(message.messageId, outcomes);
    let retry: RetryDelivery | undefined;
    for (const [index, event] of events.entries()) {
      if (outcomes.has(index)) continue;
      const delivery = await deliver(event, message, context);
      if (delivery.result !== 'retry') outcomes.set(index, delivery);
      else retry = laterOf(retry, delivery);
      // The sink would refuse the other records too.
      if (context.signal.aborted || retry?.overloaded) break;
    }
    if (retry) return retry;
    if (outcomes.size < events.length) return { result: 'retry', reason: 'stopped between two records' };
    const reasons = [
      ...faults.map(({ error }) => `${error.code}: ${error.message}`),
      ...refusals(outcomes, events),
    ];
    if (reasons.length === 0) return { result: 'accepted' };
    return { result: 'rejected', code: faults[0]?.error.code ?? 'SinkRejected', reason: reasons.join('; ') };
  };

  function deliver(
    event: OssObjectEvent,
    message: ReceivedMessage,
    context: HandleContext,
  ): Promise<Delivery> {
    const attributes = {
      'messaging.system': 'alibaba_mns',
      'messaging.destination.name': queueName,
      'messaging.message.id': message.messageId,
      'cloudevents.event_id': event.id,
    };
    return inSpan(`deliver ${sink.name}`, attributes, async (trace) => {
      const extensions = {
        mnsqueue: queueName,
        mnsmessageid: message.messageId,
        mnsdequeuecount: message.dequeueCount,
        ...trace,
      };
      const cloudEvent = toCloudEvent(event, extensions, eventData);
      const startedAt = clock.monotonic();
      const delivery = await sink
        .deliver(cloudEvent, { signal: context.signal, origin: event })
        // One record must not keep the others of its message from the sink.
        .catch((thrown: unknown) => deliveryOf(toAppError(thrown)));
      const seconds = (clock.monotonic() - startedAt) / 1000;
      context.recordDelivered({ record: event.id, result: delivery.result, seconds });
      return delivery;
    });
  }
}

/** Of several records, the longest wait counts for the message. */
function laterOf(left: RetryDelivery | undefined, right: RetryDelivery): RetryDelivery {
  return left && (left.retryAfterMs ?? 0) >= (right.retryAfterMs ?? 0) ? left : right;
}

function refusals(outcomes: ReadonlyMap<number, Delivery>, events: readonly OssObjectEvent[]): string[] {
  return [...outcomes].flatMap(([index, delivery]) =>
    delivery.result === 'rejected'
      ? [`record ${events[index]?.id}: ${delivery.code}: ${delivery.reason}`]
      : [],
  );
}
