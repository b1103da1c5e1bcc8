import { createSortedKeys } from '../key-order.ts';
import type { IndexEntry } from './sorted-run.ts';

/** Changes of the index that are only in memory. */
export interface Delta {
  /** Estimated bytes in memory. */
  bytes(): number;
  /** What its entries take in the log, in bytes. */
  weight(): number;
  find(key: string): IndexEntry | undefined;
  from(start: string): Generator<IndexEntry>;
  set(key: string, value: string | undefined): void;
}

/** Estimated bytes that an entry takes besides its texts. */
const ENTRY_BYTES = 200;

export function createDelta(weigh: (entry: IndexEntry) => number): Delta {
  const values = new Map<string, string | undefined>();
  const keys = createSortedKeys();
  let bytes = 0;
  let weight = 0;
  const sizeOf = (key: string, value: string | undefined) => ENTRY_BYTES + key.length + (value?.length ?? 0);
  return {
    bytes: () => bytes,
    weight: () => weight,
    find: (key) => (values.has(key) ? [key, values.get(key)] : undefined),
    *from(start) {
      for (const key of keys.from(start)) yield [key, values.get(key)];
    },
    set(key, value) {
      if (values.has(key)) {
        const before = values.get(key);
        bytes -= sizeOf(key, before);
        weight -= weigh([key, before]);
      } else keys.add(key);
      values.set(key, value);
      bytes += sizeOf(key, value);
      weight += weigh([key, value]);
    },
  };
}
