import { createHeap } from './heap.ts';

/** A stored message; times are milliseconds since the epoch. */
export interface StoredMessage {
  /** Its id within this server; message ids may repeat, for example if the service delivers twice. */
  readonly order: number;
  readonly id: string;
  readonly body: string;
  /** Upper-case hex. */
  readonly bodyMD5: string;
  /** 1 (highest) to 16. */
  readonly priority: number;
  readonly enqueueTime: number;
  /** The origin of a dead letter. */
  readonly deadLetterOf?: { readonly queue: string; readonly messageId: string };
  readonly visibility: Visibility;
}

/** The part of a message that receiving and changing its visibility alter. */
export interface Visibility {
  readonly visibleAt: number;
  readonly dequeueCount: number;
  readonly firstDequeueTime?: number;
  /** The only valid receipt handle while the message is hidden; absent if nobody received it. */
  readonly receiptHandle?: string;
}

interface Entry {
  message: StoredMessage;
}

/**
 * The messages of one queue by state: visible in the order in which they are received (priority, then age), hidden
 * (delayed or inactive) in the order in which they become visible. Time is passed in; callers call `settle` before
 * they read.
 */
export interface QueueState {
  add(message: StoredMessage): void;
  setVisibility(order: number, visibility: Visibility): void;
  remove(order: number): void;
  find(order: number): StoredMessage | undefined;
  /** Deletes messages older than the retention, makes due messages visible, and returns these. */
  settle(now: number, retentionMs: number): StoredMessage[];
  /** At most `max` visible messages, in the order in which they would be received. */
  visible(max: number): StoredMessage[];
  /** When the next hidden message becomes visible. */
  nextVisibleTime(): number | undefined;
  counts(): { active: number; inactive: number; delayed: number };
  all(): Iterable<StoredMessage>;
}

export function createQueueState(): QueueState {
  const entries = new Map<number, Entry>();
  const visible = createHeap<Entry>(({ message: a }, { message: b }) =>
    a.priority === b.priority ? a.order < b.order : a.priority < b.priority,
  );
  const hidden = createHeap<Entry>(
    ({ message: a }, { message: b }) => a.visibility.visibleAt < b.visibility.visibleAt,
  );
  /** Dead letters keep their age, so that age and order of arrival differ. */
  const byAge = createHeap<Entry>(({ message: a }, { message: b }) => a.enqueueTime < b.enqueueTime);

  const drop = (entry: Entry) => {
    entries.delete(entry.message.order);
    byAge.remove(entry);
    if (!visible.remove(entry)) hidden.remove(entry);
  };
  const settle: QueueState['settle'] = (now, retentionMs) => {
    for (let oldest = byAge.first(); oldest; oldest = byAge.first()) {
      if (oldest.message.enqueueTime + retentionMs > now) break;
      drop(oldest);
    }
    const due: StoredMessage[] = [];
    for (let next = hidden.first(); next; next = hidden.first()) {
      if (next.message.visibility.visibleAt > now) break;
      hidden.remove(next);
      visible.add(next);
      due.push(next.message);
    }
    return due;
  };

  return {
    add(message) {
      const entry = { message };
      entries.set(message.order, entry);
      hidden.add(entry);
      byAge.add(entry);
    },
    setVisibility(order, visibility) {
      const entry = entries.get(order);
      if (!entry) return;
      if (!visible.remove(entry)) hidden.remove(entry);
      entry.message = { ...entry.message, visibility };
      hidden.add(entry);
    },
    remove(order) {
      const entry = entries.get(order);
      if (entry) drop(entry);
    },
    find: (order) => entries.get(order)?.message,
    settle,
    visible: (max) => visible.take(max).map((entry) => entry.message),
    nextVisibleTime: () => hidden.first()?.message.visibility.visibleAt,
    counts() {
      let delayed = 0;
      for (const { message } of hidden.items()) if (message.visibility.dequeueCount === 0) delayed++;
      return { active: visible.size(), inactive: hidden.size() - delayed, delayed };
    },
    *all() {
      for (const { message } of entries.values()) yield message;
    },
  };
}
