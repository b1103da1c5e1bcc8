import { encodeRfc3986 } from '../runtime/aliyun-v4.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { createHttpClient, type HttpClient } from '../runtime/http.ts';
import { childText } from '../runtime/xml.ts';
import { assertSendable } from './body.ts';
import type { MessageQueue } from './queue.ts';
import { createMnsRequests, type MnsRequestsOptions } from './requests.ts';
import { createWireQueue } from './wire-queue.ts';

export interface MnsClientOptions extends Pick<MnsRequestsOptions, 'endpoint' | 'credentials'> {
  /** `@default systemClock` */
  readonly clock?: Clock;
  /** Connections to share; the client closes only its own. */
  readonly http?: HttpClient;
  /** Milliseconds of silence after which a request has failed. A long poll has its own. `@default 15_000` */
  readonly timeoutMs?: number;
}

/** What is absent has MNS's default. */
export interface NewQueueAttributes {
  /** Seconds, 60 to 604,800. */
  readonly messageRetentionPeriod?: number;
  /** Seconds, 1 to 43,200. */
  readonly visibilityTimeout?: number;
}

export interface SubscriptionOptions {
  /** `http://…`, or the address of a queue: `acs:mns:<region>:<account>:queues/<queue>`. */
  readonly endpoint: string;
  readonly format: 'SIMPLIFIED' | 'JSON' | 'XML';
  /** How MNS retries a failed push: 3 times within a minute, or 176 times within a day. */
  readonly strategy?: 'BACKOFF_RETRY' | 'EXPONENTIAL_DECAY_RETRY';
  /** Delivers only messages with this tag, at most 16 characters. */
  readonly filterTag?: string;
}

/**
 * MNS over HTTP. Creating a resource that exists succeeds if the attributes are the same; otherwise it throws
 * `ResourceConflict`. Deleting a resource that does not exist succeeds.
 */
export interface MnsClient {
  queue(name: string): MessageQueue;
  createQueue(name: string, attributes?: NewQueueAttributes): Promise<void>;
  deleteQueue(name: string): Promise<void>;
  createTopic(name: string): Promise<void>;
  /** Throws `TopicNotExist`. */
  checkTopic(name: string): Promise<void>;
  /** To all subscriptions of the topic. */
  publishMessage(topic: string, body: string): Promise<void>;
  /** Throws `TopicNotExist`. */
  subscribe(topic: string, subscription: string, options: SubscriptionOptions): Promise<void>;
  unsubscribe(topic: string, subscription: string): Promise<void>;
  close(): void;
}

export function createMnsClient(options: MnsClientOptions): MnsClient {
  const { endpoint, credentials, clock = systemClock, timeoutMs = 15_000 } = options;
  const http = options.http ?? createHttpClient();
  const send = createMnsRequests({ endpoint, credentials, clock, http, timeoutMs });

  const queuePath = (name: string) => `/queues/${encodeRfc3986(name)}`;
  const topicPath = (name: string) => `/topics/${encodeRfc3986(name)}`;
  const subscriptionPath = (topic: string, name: string) =>
    `${topicPath(topic)}/subscriptions/${encodeRfc3986(name)}`;

  const remove = async (path: string, absent: string) => {
    await send(
      { method: 'DELETE', path },
      ({ document }) => document?.name === 'Error' && childText(document, 'Code') === absent,
    );
  };

  return {
    queue: (name) => createWireQueue(send, name),

    async createQueue(name, { messageRetentionPeriod, visibilityTimeout } = {}) {
      await send({
        method: 'PUT',
        path: queuePath(name),
        body: [
          'Queue',
          { MessageRetentionPeriod: messageRetentionPeriod, VisibilityTimeout: visibilityTimeout },
        ],
      });
    },

    deleteQueue: (name) => remove(queuePath(name), 'QueueNotExist'),

    async createTopic(name) {
      await send({ method: 'PUT', path: topicPath(name), body: ['Topic', {}] });
    },

    async checkTopic(name) {
      await send({ method: 'GET', path: topicPath(name) });
    },

    async publishMessage(topic, body) {
      assertSendable(body);
      await send({
        method: 'POST',
        path: `${topicPath(topic)}/messages`,
        body: ['Message', { MessageBody: body }],
      });
    },

    async subscribe(topic, subscription, { endpoint, format, strategy, filterTag }) {
      await send({
        method: 'PUT',
        path: subscriptionPath(topic, subscription),
        body: [
          'Subscription',
          {
            Endpoint: endpoint,
            FilterTag: filterTag,
            NotifyStrategy: strategy,
            NotifyContentFormat: format,
          },
        ],
      });
    },

    unsubscribe: (topic, subscription) =>
      remove(subscriptionPath(topic, subscription), 'SubscriptionNotExist'),

    close() {
      if (!options.http) http.close();
    },
  };
}
