import type { Clock } from '../../shared/runtime/clock.ts';

/** Remembers for a while that a fingerprint was good for a key. */
export interface Memo {
  has(key: string, fingerprint: string): boolean;
  put(key: string, fingerprint: string): void;
  forget(key: string): void;
}

export function createMemo(clock: Clock, maxAgeMs: number): Memo {
  const entries = new Map<string, { fingerprint: string; at: number }>();
  return {
    has(key, fingerprint) {
      const entry = entries.get(key);
      return entry?.fingerprint === fingerprint && clock.now() - entry.at < maxAgeMs;
    },
    put: (key, fingerprint) => void entries.set(key, { fingerprint, at: clock.now() }),
    forget: (key) => void entries.delete(key),
  };
}
