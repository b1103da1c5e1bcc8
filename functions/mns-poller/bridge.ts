import { type EventData, toCloudEvent } from '../../shared/envelope/cloud-event.ts';
import type { OssObjectEvent } from '../../shared/envelope/event.ts';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import type { Handle, HandleContext } from '../../shared/mns/consumer/index.ts';
import type { ReceivedMessage } from '../../shared/mns/queue.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Delivery, EventSink } from '../../shared/sinks/sink.ts';
import { inSpan } from './tracing.ts';

export interface BridgeOptions {
  readonly sink: EventSink;
  readonly queueName: string;
  readonly clock: Clock;
  /** Default `record`. */
  readonly eventData?: EventData;
}

type Retry = Delivery & { result: 'retry' };

/** Messages whose settled records are remembered; older ones are delivered again in full, which is harmless. */
const MAX_REMEMBERED = 10_000;

/**
 * Makes each message's records into CloudEvents and brings them to the sink, one after another. A record that the
 * sink accepted or rejected is not delivered again when its message is. The message is done when every record has
 * been accepted; dead, once none is left to retry, if the sink rejected any or a part of it cannot be read.
 */
export function createBridge({ sink, queueName, clock, eventData }: BridgeOptions): Handle {
  /** By message id: what became of the record at each index of the opened body. */
  const settled = new Map<string, Map<number, Delivery>>();

  return async (message, context) => {
    const { events, faults } = openEnvelope(message.body);
    const outcomes = recall(settled, message.messageId);
    let retry: Retry | undefined;
    for (const [index, event] of events.entries()) {
      if (outcomes.has(index)) continue;
      const delivery = await deliver(event, message, context);
      if (delivery.result !== 'retry') outcomes.set(index, delivery);
      else retry = laterOf(retry, delivery);
      // The other records would only meet the same refusal.
      if (context.signal.aborted || retry?.overloaded) break;
    }
    if (retry) return retry;
    if (outcomes.size < events.length) return { result: 'retry', reason: 'stopped between two records' };
    const dead = [
      ...faults.map(({ error }) => `${error.code}: ${error.message}`),
      ...refusals(outcomes, events),
    ];
    if (dead.length === 0) return { result: 'done' };
    return { result: 'dead', code: faults[0]?.error.code ?? 'SinkRejected', reason: dead.join('; ') };
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
      const startedAt = clock.now();
      const delivery = await sink.deliver(cloudEvent, { signal: context.signal, origin: event });
      const seconds = (clock.now() - startedAt) / 1000;
      context.recordDelivered({ record: event.id, result: delivery.result, seconds });
      return delivery;
    });
  }
}

/** The least recently used message is forgotten first. */
function recall(settled: Map<string, Map<number, Delivery>>, messageId: string): Map<number, Delivery> {
  const outcomes = settled.get(messageId) ?? new Map<number, Delivery>();
  settled.delete(messageId);
  settled.set(messageId, outcomes);
  if (settled.size > MAX_REMEMBERED) settled.delete(settled.keys().next().value!);
  return outcomes;
}

/** Of several records, the one that asks for the longest wait speaks for the message. */
function laterOf(left: Retry | undefined, right: Retry): Retry {
  return left && (left.retryAfterMs ?? 0) >= (right.retryAfterMs ?? 0) ? left : right;
}

function refusals(outcomes: ReadonlyMap<number, Delivery>, events: readonly OssObjectEvent[]): string[] {
  return [...outcomes].flatMap(([index, delivery]) =>
    delivery.result === 'rejected'
      ? [`record ${events[index]?.id}: ${delivery.code}: ${delivery.reason}`]
      : [],
  );
}
