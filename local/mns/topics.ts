import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import { isSameJson } from '../disk/same-json.ts';
import { hexId } from '../http/ids.ts';
import { parseEndpoint } from './endpoints.ts';
import { type Notification, wrap } from './envelopes.ts';
import { MnsRefusal } from './errors.ts';
import type { Pusher } from './push.ts';
import type { Queues } from './queues.ts';
import {
  checkName,
  MAX_SUBSCRIPTIONS_PER_TOPIC,
  type SubscriptionSettings,
  type TopicSettings,
} from './settings.ts';
import type { Ledger } from './store/ledger.ts';
import type { MnsRecord, Push, SubscriptionRecord } from './store/records.ts';
import type { Topic } from './store/state.ts';
import { md5Of } from './wire.ts';

export interface Topics {
  create(name: string, settings: TopicSettings): Promise<'created' | 'exists'>;
  configure(name: string, settings: TopicSettings): Promise<void>;
  /** Refuses with `TopicNotExist`. */
  get(name: string): Topic;
  remove(name: string): Promise<void>;
  subscribe(topic: string, name: string, settings: SubscriptionSettings): Promise<'created' | 'exists'>;
  configureSubscription(topic: string, name: string, settings: SubscriptionSettings): Promise<void>;
  /** Refuses with `SubscriptionNotExist`. */
  getSubscription(topic: string, name: string): SubscriptionRecord;
  unsubscribe(topic: string, name: string): Promise<void>;
  /** Resolves when the message is durable for every subscriber: in its queue, or in the list of pushes. */
  publish(
    topic: string,
    message: { body: string; tag?: string },
  ): Promise<{ messageId: string; bodyMD5: string }>;
}

interface TopicsDeps extends Pick<RuntimeDeps, 'clock' | 'random'> {
  readonly ledger: Ledger;
  readonly queues: Queues;
  readonly pusher: Pusher;
  readonly owner: { readonly region: string; readonly accountId: string };
}

export function createTopics({ ledger, clock, random, queues, pusher, owner }: TopicsDeps): Topics {
  const { state } = ledger;

  const get = (name: string): Topic => {
    const topic = state.topics.get(name);
    if (!topic) throw new MnsRefusal('TopicNotExist');
    return topic;
  };
  const getSubscription = (topic: string, name: string): SubscriptionRecord => {
    const subscription = get(topic).subscriptions.get(name);
    if (!subscription) throw new MnsRefusal('SubscriptionNotExist');
    return subscription;
  };

  /** doc: a queue with a smaller message size than the topic cannot subscribe. */
  const checkEndpoint = (topic: Topic, settings: SubscriptionSettings) => {
    const endpoint = parseEndpoint(settings.endpoint, owner);
    if (endpoint.kind !== 'queue') return;
    const queue = queues.get(endpoint.queue);
    if (queue.settings.maximumMessageSize < topic.settings.maximumMessageSize) {
      throw new MnsRefusal(
        'InvalidArgument',
        "The queue's MaximumMessageSize should not be smaller than the topic's.",
      );
    }
  };

  /** A message for the subscriber's queue; a push for an HTTP endpoint, or if the queue does not exist. */
  const deliveryRecord = (subscription: SubscriptionRecord, notification: Notification): MnsRecord => {
    const endpoint = parseEndpoint(subscription.settings.endpoint, owner);
    const queue = endpoint.kind === 'queue' && state.queues.get(endpoint.queue);
    if (queue)
      return queues.messageRecord(queue, { body: wrap(notification, subscription, owner.accountId) });
    const push: Push = {
      ...notification,
      id: hexId(random, 32),
      topic: subscription.topic,
      subscription: subscription.name,
      failures: 0,
      dueAt: clock.now(),
    };
    return { type: 'push', push };
  };

  return {
    async create(name, settings) {
      checkName('topic', name);
      const existing = state.topics.get(name);
      if (existing && !isSameJson(existing.settings, settings)) {
        throw new MnsRefusal('TopicAlreadyExist');
      }
      const now = clock.now();
      const topic = { name, settings, createTime: now, lastModifyTime: now };
      await ledger.commit(existing ? [] : [{ type: 'topic', topic }]);
      return existing ? 'exists' : 'created';
    },
    async configure(name, settings) {
      const { createTime } = get(name);
      const topic = { name, settings, createTime, lastModifyTime: clock.now() };
      await ledger.commit([{ type: 'topic', topic }]);
    },
    get,
    remove: (name) => ledger.commit([{ type: 'topic-deleted', name }]),

    async subscribe(topicName, name, settings) {
      checkName('subscription', name);
      const topic = get(topicName);
      const existing = topic.subscriptions.get(name);
      if (existing && !isSameJson(existing.settings, settings)) {
        throw new MnsRefusal('SubscriptionAlreadyExist');
      }
      if (!existing) checkEndpoint(topic, settings);
      if (!existing && topic.subscriptions.size >= MAX_SUBSCRIPTIONS_PER_TOPIC) {
        throw new MnsRefusal(
          'InvalidArgument',
          `A topic should not have more than ${MAX_SUBSCRIPTIONS_PER_TOPIC} subscriptions.`,
        );
      }
      const now = clock.now();
      const subscription = { topic: topicName, name, settings, createTime: now, lastModifyTime: now };
      await ledger.commit(existing ? [] : [{ type: 'subscription', subscription }]);
      return existing ? 'exists' : 'created';
    },
    async configureSubscription(topic, name, settings) {
      const subscription = { ...getSubscription(topic, name), settings, lastModifyTime: clock.now() };
      await ledger.commit([{ type: 'subscription', subscription }]);
    },
    getSubscription,
    async unsubscribe(topic, name) {
      get(topic);
      await ledger.commit([{ type: 'subscription-deleted', topic, name }]);
    },

    async publish(topicName, { body, tag }) {
      const notification: Notification = {
        messageId: hexId(random, 32),
        body,
        tag,
        publishTime: clock.now(),
      };
      const subscriptions = [...get(topicName).subscriptions.values()].filter(
        ({ settings }) => settings.filterTag === undefined || settings.filterTag === tag,
      );
      const records = subscriptions.map((subscription) => deliveryRecord(subscription, notification));
      const durable = ledger.commit(records);
      for (const record of records) {
        if (record.type === 'message') queues.wake(record.queue);
        if (record.type === 'push') pusher.add(record.push);
      }
      await durable;
      return { messageId: notification.messageId, bodyMD5: md5Of(body) };
    },
  };
}
