import { createMnsClient, type MnsClient, type MnsClientOptions } from '../../shared/mns/client.ts';
import { createMnsRequests } from '../../shared/mns/requests.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { createHttpClient } from '../../shared/runtime/http.ts';
import { childrenOf, childText } from '../../shared/runtime/xml.ts';

/** The client with what only tests do with topics: read them, publish to them, list their subscriptions. */
export interface TopicClient extends MnsClient {
  /** Throws `TopicNotExist`. `messageRetentionPeriod` is in seconds. */
  getTopic(name: string): Promise<{ name: string; messageRetentionPeriod: number }>;
  /** To all subscriptions of the topic. */
  publish(
    topic: string,
    body: string,
    options?: { tag?: string },
  ): Promise<{ messageId: string; bodyMD5: string }>;
  /** Names of all subscriptions. */
  listSubscriptions(topic: string): Promise<string[]>;
}

export function createTopicClient(options: MnsClientOptions): TopicClient {
  const http = options.http ?? createHttpClient();
  const client = createMnsClient({ ...options, http });
  const send = createMnsRequests({ clock: systemClock, timeoutMs: 15_000, ...options, http });
  return {
    ...client,
    async getTopic(name) {
      const { document } = await send({ method: 'GET', path: `/topics/${name}` });
      return {
        name: childText(document!, 'TopicName')!,
        messageRetentionPeriod: Number(childText(document!, 'MessageRetentionPeriod')),
      };
    },
    async publish(topic, body, { tag } = {}) {
      const { document } = await send({
        method: 'POST',
        path: `/topics/${topic}/messages`,
        body: ['Message', { MessageBody: body, MessageTag: tag }],
      });
      return {
        messageId: childText(document!, 'MessageId')!,
        bodyMD5: childText(document!, 'MessageBodyMD5')!,
      };
    },
    async listSubscriptions(topic) {
      const { document } = await send({ method: 'GET', path: `/topics/${topic}/subscriptions` });
      return childrenOf(document!, 'Subscription').map(
        (entry) => childText(entry, 'SubscriptionURL')!.split('/').at(-1)!,
      );
    },
    close() {
      client.close();
      if (!options.http) http.close();
    },
  };
}
