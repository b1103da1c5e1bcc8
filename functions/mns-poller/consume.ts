import type { EventData } from '../../shared/envelope/cloud-event.ts';
import {
  type Consumer,
  type ConsumerOptions,
  createConsumer,
  type DeadLetters,
} from '../../shared/mns/consumer/index.ts';
import type { MessageQueue } from '../../shared/mns/queue.ts';
import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import type { EventSink } from '../../shared/sinks/sink.ts';
import { createBridge } from './bridge.ts';
import { logEvents } from './log-events.ts';

export interface QueueConsumerDeps extends RuntimeDeps {
  readonly queue: MessageQueue;
  readonly sink: EventSink;
  readonly deadLetters: DeadLetters;
  /** @default record */
  readonly eventData?: EventData;
  readonly options: Partial<ConsumerOptions>;
}

/** A consumer that delivers the records of a queue to a sink. It has not started. */
export function createQueueConsumer({ sink, eventData, ...deps }: QueueConsumerDeps): Consumer {
  const { queue, clock, logger } = deps;
  const handle = createBridge({ sink, queueName: queue.name, clock, eventData });
  const consumer = createConsumer({ ...deps, handle });
  logEvents(consumer, logger);
  return consumer;
}
