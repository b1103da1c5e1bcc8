import { writeXml } from '../../shared/runtime/xml.ts';
import { md5Of } from './receipt-handle.ts';
import type { SubscriptionRecord } from './store/records.ts';

export const MNS_NAMESPACE = 'http://mns.aliyuncs.com/doc/v1/';

/** A message of a topic on its way to one subscriber. */
export interface Notification {
  readonly messageId: string;
  readonly body: string;
  readonly tag?: string;
  /** Milliseconds since the epoch. */
  readonly publishTime: number;
}

/**
 * What a subscriber sees of a message: the message as it is (`SIMPLIFIED`), or wrapped.
 *
 * doc: element order of XML; the key order and the string `PublishTime` of JSON are a captured message's.
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
        ...(tag && { MessageTag: tag }),
      });
  }
}
