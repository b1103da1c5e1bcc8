import { readSubscriptionSettings } from '../settings.ts';
import type { Topics } from '../topics.ts';
import { createdAnswer, type MnsAnswer, type MnsRequest, xmlAnswer } from '../wire.ts';
import { page } from './pages.ts';

export function subscriptionOperations(topics: Topics, accountId: string) {
  return {
    async subscribe({ params, body, origin }: MnsRequest): Promise<MnsAnswer> {
      const { topic, subscription } = params;
      const outcome = await topics.subscribe(topic, subscription, readSubscriptionSettings(body));
      return createdAnswer(outcome, `${origin}/topics/${topic}/subscriptions/${subscription}`);
    },

    /** doc: NotifyStrategy; sdk: the Java SDK also sets FilterTag. Endpoint and format never change. */
    async setSubscriptionAttributes({ params, body }: MnsRequest): Promise<MnsAnswer> {
      const { settings } = topics.getSubscription(params.topic, params.subscription);
      const changed = readSubscriptionSettings(body, settings);
      await topics.configureSubscription(params.topic, params.subscription, changed);
      return { status: 204 };
    },

    async getSubscriptionAttributes({ params }: MnsRequest): Promise<MnsAnswer> {
      const { name, topic, settings, createTime, lastModifyTime } = topics.getSubscription(
        params.topic,
        params.subscription,
      );
      const fields = {
        SubscriptionName: name,
        Subscriber: accountId,
        TopicOwner: accountId,
        TopicName: topic,
        Endpoint: settings.endpoint,
        NotifyStrategy: settings.notifyStrategy,
        NotifyContentFormat: settings.notifyContentFormat,
        FilterTag: settings.filterTag,
        CreateTime: Math.floor(createTime / 1000),
        LastModifyTime: Math.floor(lastModifyTime / 1000),
      };
      return xmlAnswer(200, 'Subscription', fields);
    },

    /** guess: deleting a subscription that does not exist succeeds. */
    async unsubscribe({ params }: MnsRequest): Promise<MnsAnswer> {
      await topics.unsubscribe(params.topic, params.subscription);
      return { status: 204 };
    },

    async listSubscriptionByTopic(request: MnsRequest): Promise<MnsAnswer> {
      const { topic } = request.params;
      const { items, nextMarker } = page(topics.get(topic).subscriptions.values(), request);
      const entries = items.map(({ name }) => ({
        SubscriptionName: name,
        SubscriptionURL: `${request.origin}/topics/${topic}/subscriptions/${name}`,
      }));
      return xmlAnswer(200, 'Subscriptions', { Subscription: entries, NextMarker: nextMarker });
    },
  };
}
