import { createQueueState, type QueueState } from './queue-state.ts';
import type { MnsRecord, Push, QueueRecord, SubscriptionRecord, TopicRecord } from './records.ts';

export interface Queue extends QueueRecord {
  readonly messages: QueueState;
}

export interface Topic extends TopicRecord {
  readonly subscriptions: Map<string, SubscriptionRecord>;
}

/** The state of this server. Only `apply` changes it. */
export interface MnsState {
  readonly queues: Map<string, Queue>;
  readonly topics: Map<string, Topic>;
  readonly pushes: Map<string, Push>;
  loggingBucket: string;
  /** Greater than every order used so far. */
  nextOrder: number;
}

export function createState(): MnsState {
  return { queues: new Map(), topics: new Map(), pushes: new Map(), loggingBucket: '', nextOrder: 1 };
}

export function apply(state: MnsState, record: MnsRecord): void {
  switch (record.type) {
    case 'queue': {
      const messages = state.queues.get(record.queue.name)?.messages ?? createQueueState();
      state.queues.set(record.queue.name, { ...record.queue, messages });
      break;
    }
    case 'queue-deleted':
      state.queues.delete(record.name);
      break;
    case 'message':
      state.nextOrder = Math.max(state.nextOrder, record.message.order + 1);
      messagesOf(state, record.queue)?.remove(record.message.order);
      messagesOf(state, record.queue)?.add(record.message);
      break;
    case 'visibility':
      messagesOf(state, record.queue)?.setVisibility(record.order, record.visibility);
      break;
    case 'message-deleted':
      messagesOf(state, record.queue)?.remove(record.order);
      break;
    case 'topic': {
      const subscriptions = state.topics.get(record.topic.name)?.subscriptions ?? new Map();
      state.topics.set(record.topic.name, { ...record.topic, subscriptions });
      break;
    }
    case 'topic-deleted':
      state.topics.delete(record.name);
      dropPushes(state, (push) => push.topic === record.name);
      break;
    case 'subscription': {
      const { subscription } = record;
      state.topics.get(subscription.topic)?.subscriptions.set(subscription.name, subscription);
      break;
    }
    case 'subscription-deleted':
      state.topics.get(record.topic)?.subscriptions.delete(record.name);
      dropPushes(state, (push) => push.topic === record.topic && push.subscription === record.name);
      break;
    case 'push':
      state.pushes.set(record.push.id, record.push);
      break;
    case 'push-done':
      state.pushes.delete(record.id);
      break;
    case 'logging-bucket':
      state.loggingBucket = record.bucket;
      break;
    case 'reset':
      state.queues.clear();
      state.topics.clear();
      state.pushes.clear();
      state.loggingBucket = '';
      break;
  }
}

/** The records that rebuild this state. */
export function* snapshot(state: MnsState): Iterable<MnsRecord> {
  if (state.loggingBucket) yield { type: 'logging-bucket', bucket: state.loggingBucket };
  for (const { messages, ...queue } of state.queues.values()) {
    yield { type: 'queue', queue };
    for (const message of messages.all()) yield { type: 'message', queue: queue.name, message };
  }
  for (const { subscriptions, ...topic } of state.topics.values()) {
    yield { type: 'topic', topic };
    for (const subscription of subscriptions.values()) yield { type: 'subscription', subscription };
  }
  for (const push of state.pushes.values()) yield { type: 'push', push };
}

function messagesOf(state: MnsState, queue: string): QueueState | undefined {
  return state.queues.get(queue)?.messages;
}

function dropPushes(state: MnsState, matches: (push: Push) => boolean): void {
  for (const push of state.pushes.values()) if (matches(push)) state.pushes.delete(push.id);
}
