import { compareKeys } from '../key-order.ts';
import type { IndexEntry } from './sorted-run.ts';

/** Merges ordered sources into one. Of entries with the same key, the one of the first source counts. */
export function* mergeEntries(sources: readonly Iterator<IndexEntry>[]): Generator<IndexEntry> {
  const heads = sources.map((source) => source.next());
  for (;;) {
    let least = -1;
    for (let index = 0; index < heads.length; index++) {
      const head = heads[index]!;
      if (head.done) continue;
      if (least < 0 || compareKeys(head.value[0], heads[least]!.value[0]) < 0) least = index;
    }
    if (least < 0) return;
    const entry: IndexEntry = heads[least]!.value;
    yield entry;
    for (let index = least; index < heads.length; index++) {
      const head = heads[index]!;
      if (!head.done && head.value[0] === entry[0]) heads[index] = sources[index]!.next();
    }
  }
}
