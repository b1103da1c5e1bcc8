import type { Clock } from '../../runtime/clock.ts';

/** A set that tells when it is empty. */
export interface HeldSet<T> {
  add(item: T): void;
  delete(item: T): void;
  size(): number;
  all(): T[];
  /** Resolves when nothing is held, or after `limitMs`. */
  empty(limitMs: number): Promise<void>;
}

export function createHeldSet<T>(clock: Clock): HeldSet<T> {
  // No Set: one that many items pass through leaves its outgrown tables behind, and they keep what was in them alive.
  const items: T[] = [];
  let onEmpty = () => {};
  return {
    add: (item) => void items.push(item),
    delete(item) {
      const place = items.indexOf(item);
      if (place < 0) return;
      const last = items.pop()!;
      if (place < items.length) items[place] = last;
      if (items.length === 0) onEmpty();
    },
    size: () => items.length,
    all: () => [...items],
    empty: (limitMs) =>
      new Promise((resolve) => {
        if (items.length === 0) return resolve();
        const cancel = clock.after(limitMs, resolve);
        onEmpty = () => {
          cancel();
          resolve();
        };
      }),
  };
}

/** Remembers the last `max` items. */
export function createRecentSet<T>(max: number): Pick<Set<T>, 'has' | 'delete'> & { add(item: T): void } {
  const items = new Set<T>();
  return {
    has: (item) => items.has(item),
    delete: (item) => items.delete(item),
    add(item) {
      items.delete(item);
      items.add(item);
      if (items.size > max) items.delete(items.values().next().value as T);
    },
  };
}
