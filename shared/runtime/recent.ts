import type { Clock } from './clock.ts';

/** Remembers the entries that were used last, and forgets older ones. */
export interface RecentMap<Key, Value> {
  has(key: Key): boolean;
  /** Counts as a use. */
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  delete(key: Key): void;
}

/** Remembers at most `max` entries. */
export function createRecentMap<Key, Value>(max: number): RecentMap<Key, Value> {
  const entries = new Map<Key, Value>();
  const set = (key: Key, value: Value) => {
    entries.delete(key);
    entries.set(key, value);
    if (entries.size > max) entries.delete(entries.keys().next().value as Key);
  };
  return {
    has: (key) => entries.has(key),
    get(key) {
      const value = entries.get(key);
      if (value !== undefined) set(key, value);
      return value;
    },
    set,
    delete: (key) => void entries.delete(key),
  };
}

/** Remembers for a while that a fingerprint was good for a key. */
export interface Memo {
  has(key: string, fingerprint: string): boolean;
  put(key: string, fingerprint: string): void;
  forget(key: string): void;
}

export function createMemo(clock: Clock, maxAgeMs: number): Memo {
  /** Oldest first. */
  const entries = new Map<string, { fingerprint: string; at: number }>();
  const isOld = ({ at }: { at: number }) => clock.monotonic() - at >= maxAgeMs;
  return {
    has(key, fingerprint) {
      const entry = entries.get(key);
      return entry !== undefined && entry.fingerprint === fingerprint && !isOld(entry);
    },
    put(key, fingerprint) {
      for (const [old, entry] of entries) {
        if (!isOld(entry)) break;
        entries.delete(old);
      }
      entries.delete(key);
      entries.set(key, { fingerprint, at: clock.monotonic() });
    },
    forget: (key) => void entries.delete(key),
  };
}
