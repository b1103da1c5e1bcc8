import type { QueueSettings, SubscriptionSettings, TopicSettings } from '../settings.ts';
import type { StoredMessage, Visibility } from './queue-state.ts';

/** A stored queue; times are milliseconds since the epoch. */
export interface QueueRecord {
  readonly name: string;
  readonly settings: QueueSettings;
  readonly createTime: number;
  readonly lastModifyTime: number;
}

export interface TopicRecord {
  readonly name: string;
  readonly settings: TopicSettings;
  readonly createTime: number;
  readonly lastModifyTime: number;
}

export interface SubscriptionRecord {
  readonly topic: string;
  readonly name: string;
  readonly settings: SubscriptionSettings;
  readonly createTime: number;
  readonly lastModifyTime: number;
}

/** A message of a topic that one subscriber has not accepted yet. */
export interface Push {
  readonly id: string;
  readonly topic: string;
  readonly subscription: string;
  readonly messageId: string;
  readonly body: string;
  readonly tag?: string;
  readonly publishTime: number;
  /** Failed attempts. */
  readonly failures: number;
  /** Time of the next attempt, in milliseconds since the epoch. */
  readonly dueAt: number;
}

/** A record of the journal. It states the new value, not the difference, so that applying it twice is harmless. */
export type MnsRecord =
  | { readonly type: 'queue'; readonly queue: QueueRecord }
  | { readonly type: 'queue-deleted'; readonly name: string }
  | { readonly type: 'message'; readonly queue: string; readonly message: StoredMessage }
  | {
      readonly type: 'visibility';
      readonly queue: string;
      readonly order: number;
      readonly visibility: Visibility;
    }
  | { readonly type: 'message-deleted'; readonly queue: string; readonly order: number }
  | { readonly type: 'topic'; readonly topic: TopicRecord }
  | { readonly type: 'topic-deleted'; readonly name: string }
  | { readonly type: 'subscription'; readonly subscription: SubscriptionRecord }
  | { readonly type: 'subscription-deleted'; readonly topic: string; readonly name: string }
  | { readonly type: 'push'; readonly push: Push }
  | { readonly type: 'push-done'; readonly id: string }
  | { readonly type: 'logging-bucket'; readonly bucket: string }
  | { readonly type: 'reset' };
