import { createHeap } from './heap.ts';

/** A message as it is stored; times in milliseconds since the epoch. */
export interface StoredMessage {
  /** Its identity within this server; message ids may repeat, as when the service delivers twice. */
  readonly order: number;
  readonly id: string;
  readonly body: string;
  /** Upper-case hex. */
  readonly bodyMD5: string;
  /** 1 (highest) to 16. */
  readonly priority: number;
  readonly enqueueTime: number;
  /** Where a dead letter comes from. */
  readonly deadLetterOf?: { readonly queue: string; readonly messageId: string };
  readonly visibility: Visibility;
}

/** What receiving, changing visibility and giving back alter. */
export interface Visibility {
  readonly visibleAt: number;
  readonly dequeueCount: number;
  readonly firstDequeueTime?: number;
  /** The one receipt handle that counts, while the message is hidden; absent when nobody has it. */
  readonly receiptHandle?: string;
}

interface Entry {
  message: StoredMessage;
}

/**
 * The messages of one queue by the state they are in: visible in the order in which they are received (priority, then
 * age), hidden (delayed or inactive) in the order in which they become visible. Time is passed in; whoever asks
 * calls `settle` first.
 */
export interface QueueState {
  add(message: StoredMessage): void;
  setVisibility(order: number, visibility: Visibility): void;
  remove(order: number): void;
  find(order: number): StoredMessage | undefined;
  /** Drops what is older than the retention and shows what is due; returns what became visible. */
  settle(now: number, retentionMs: number): StoredMessage[];
  /** At most `max` visible messages, as they would be received. */
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
