import type { StoredMessage } from './store/queue-state.ts';
import type { MnsRecord } from './store/records.ts';

interface Move {
  readonly from: string;
  readonly to: string;
  /** The message's identity in its new queue. */
  readonly order: number;
  readonly id: string;
  readonly now: number;
}

/** doc: the message keeps its age, so its retention is not reset, and the id of its first queue. */
export function deadLetterRecords(message: StoredMessage, { from, to, order, id, now }: Move): MnsRecord[] {
  const moved: StoredMessage = {
    ...message,
    order,
    id,
    deadLetterOf: { queue: from, messageId: message.id },
    visibility: { visibleAt: now, dequeueCount: 0 },
  };
  return [
    { type: 'message-deleted', queue: from, order: message.order },
    { type: 'message', queue: to, message: moved },
  ];
}
