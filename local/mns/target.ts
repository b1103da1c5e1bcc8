import type { NotificationTarget } from '../events/notification-target.ts';
import { inProcess } from './errors.ts';
import type { Queues } from './queues.ts';
import { DEFAULT_TOPIC_SETTINGS } from './settings.ts';
import type { Topics } from './topics.ts';

/** What event rules do with MNS, without HTTP. */
export function notificationTarget(queues: Queues, topics: Topics): NotificationTarget {
  return {
    createTopic: (name) => inProcess(`topic ${name}`, () => topics.create(name, DEFAULT_TOPIC_SETTINGS)),
    subscribe: (topic, subscription, endpoint, { format: notifyContentFormat }) =>
      inProcess(`subscription of ${topic} to ${endpoint}`, () =>
        topics.subscribe(topic, subscription, {
          endpoint,
          notifyStrategy: 'BACKOFF_RETRY',
          notifyContentFormat,
        }),
      ),
    publish: (topic, body) => inProcess(`topic ${topic}`, () => topics.publish(topic, { body })),
    send: (queue, body) => inProcess(`queue ${queue}`, () => queues.send(queue, [{ body }])),
  };
}
