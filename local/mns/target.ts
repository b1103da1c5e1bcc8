import type { NotificationTarget } from '../types.ts';
import { queueEndpoint } from './endpoints.ts';
import type { Queues } from './queues.ts';
import { DEFAULT_TOPIC_SETTINGS } from './settings.ts';
import type { Topics } from './topics.ts';

/** What OSS does with MNS when an object matches an event rule, without HTTP in between. */
export function notificationTarget(parts: {
  queues: Queues;
  topics: Topics;
  owner: { region: string; accountId: string };
}): NotificationTarget {
  const { queues, topics, owner } = parts;
  return {
    async createTopic(name) {
      await topics.create(name, DEFAULT_TOPIC_SETTINGS);
    },
    /** The endpoint of a rule is a URL or the bare name of a queue of this account. */
    async subscribe(topic, subscription, endpoint, { format }) {
      await topics.subscribe(topic, subscription, {
        endpoint: /^[A-Za-z0-9-]+$/.test(endpoint) ? queueEndpoint(endpoint, owner) : endpoint,
        notifyStrategy: 'BACKOFF_RETRY',
        notifyContentFormat: format,
      });
    },
    async publish(topic, body) {
      await topics.publish(topic, { body });
    },
    async send(queue, body) {
      await queues.send(queue, [{ body }]);
    },
  };
}
