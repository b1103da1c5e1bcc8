import { writeXml } from '../../shared/runtime/xml.ts';
import type { SubscriptionRecord } from './store/records.ts';
import { MNS_NAMESPACE, md5Of } from './wire.ts';

/** A message of a topic for one subscriber. */
export interface Notification {
  readonly messageId: string;
  readonly body: string;
  readonly tag?: string;
  /** Milliseconds since the epoch. */
  readonly publishTime: number;
}

/**
 * The body that a subscriber receives: the message itself (`SIMPLIFIED`), or an envelope around it.
 *
 * doc: the order of the XML elements. A captured message has this order of JSON keys, and `PublishTime` as a string.
 */
export function wrap(
  notification: Notification,
  subscription: SubscriptionRecord,
  accountId: string,
): string {
  const { messageId, body, tag, publishTime } = notification;
  switch (subscription.settings.notifyContentFormat) {
    case 'SIMPLIFIED':
      return body;
    case 'XML':
      return writeXml(
        'Notification',
        {
          TopicOwner: accountId,
          TopicName: subscription.topic,
          Subscriber: accountId,
          SubscriptionName: subscription.name,
          MessageId: messageId,
          Message: body,
          MessageMD5: md5Of(body),
          MessageTag: tag,
          PublishTime: publishTime,
        },
        { namespace: MNS_NAMESPACE },
      );
    case 'JSON':
      return JSON.stringify({
        TopicOwner: accountId,
        Message: body,
        Subscriber: accountId,
        PublishTime: String(publishTime),
        SubscriptionName: subscription.name,
        MessageMD5: md5Of(body),
        TopicName: subscription.topic,
        MessageId: messageId,
        MessageTag: tag,
      });
  }
}
