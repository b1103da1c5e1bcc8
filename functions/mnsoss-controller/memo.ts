import type { Clock } from '../../shared/runtime/clock.ts';

/** Remembers for a while that a fingerprint was good for a key. */
export interface Memo {
  has(key: string, fingerprint: string): boolean;
  put(key: string, fingerprint: string): void;
  forget(key: string): void;
}

export function createMemo(clock: Clock, maxAgeMs: number): Memo {
  /** Oldest first. */
  const entries = new Map<string, { fingerprint: string; at: number }>();
  const isOld = ({ at }: { at: number }) => clock.now() - at >= maxAgeMs;
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
      entries.set(key, { fingerprint, at: clock.now() });
    },
    forget: (key) => void entries.delete(key),
  };
}
