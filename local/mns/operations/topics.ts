import { childText, type XmlFields } from '../../../shared/runtime/xml.ts';
import { MnsRefusal } from '../errors.ts';
import { DEFAULT_TOPIC_SETTINGS, readTag, readTopicSettings, TOPIC_RETENTION_SECONDS } from '../settings.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Topic } from '../store/state.ts';
import type { Topics } from '../topics.ts';
import { createdAnswer, type MnsAnswer, type MnsRequest, xmlAnswer } from '../wire.ts';
import { checkSize } from './messages.ts';
import { page, wantsMeta } from './pages.ts';

export function topicOperations(topics: Topics, ledger: Ledger) {
  /** The number of messages that some subscriber has not accepted yet. */
  const waitingOf = (topic: string): number => {
    const ids = new Set<string>();
    for (const push of ledger.state.pushes.values()) if (push.topic === topic) ids.add(push.messageId);
    return ids.size;
  };
  const topicFields = ({ name, settings, createTime, lastModifyTime }: Topic): XmlFields => ({
    TopicName: name,
    MessageCount: waitingOf(name),
    CreateTime: Math.floor(createTime / 1000),
    LastModifyTime: Math.floor(lastModifyTime / 1000),
    MaximumMessageSize: settings.maximumMessageSize,
    MessageRetentionPeriod: TOPIC_RETENTION_SECONDS,
    LoggingEnabled: settings.loggingEnabled ? 'True' : 'False',
  });

  return {
    async createTopic({ params, body, origin }: MnsRequest): Promise<MnsAnswer> {
      const outcome = await topics.create(params.topic, readTopicSettings(body, DEFAULT_TOPIC_SETTINGS));
      return createdAnswer(outcome, `${origin}/topics/${params.topic}`);
    },

    async setTopicAttributes({ params, body }: MnsRequest): Promise<MnsAnswer> {
      const { settings } = topics.get(params.topic);
      await topics.configure(params.topic, readTopicSettings(body, settings));
      return { status: 204 };
    },

    async getTopicAttributes({ params }: MnsRequest): Promise<MnsAnswer> {
      return xmlAnswer(200, 'Topic', topicFields(topics.get(params.topic)));
    },

    /** guess: deleting a topic that does not exist succeeds, as with queues. */
    async deleteTopic({ params }: MnsRequest): Promise<MnsAnswer> {
      await topics.remove(params.topic);
      return { status: 204 };
    },

    async listTopic(request: MnsRequest): Promise<MnsAnswer> {
      const { items, nextMarker } = page(ledger.state.topics.values(), request);
      const entries = items.map((topic) => ({
        TopicURL: `${request.origin}/topics/${topic.name}`,
        ...(wantsMeta(request) ? topicFields(topic) : { TopicName: topic.name }),
      }));
      return xmlAnswer(200, 'Topics', { Topic: entries, NextMarker: nextMarker });
    },

    /** `MessageAttributes` (mail and text messages) have no meaning for queues and HTTP endpoints. */
    async publishMessage({ params, body }: MnsRequest): Promise<MnsAnswer> {
      const { settings } = topics.get(params.topic);
      const text = body && childText(body, 'MessageBody');
      if (!body || !text) throw new MnsRefusal('MalformedXML');
      checkSize(text, settings.maximumMessageSize);
      const tag = childText(body, 'MessageTag');
      const published = await topics.publish(params.topic, {
        body: text,
        tag: tag && readTag('MessageTag', tag),
      });
      const fields = { MessageId: published.messageId, MessageBodyMD5: published.bodyMD5 };
      return xmlAnswer(201, 'Message', fields);
    },
  };
}
