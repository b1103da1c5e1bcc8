/** Compares by UTF-8 bytes, as OSS lists do; JavaScript compares UTF-16, where emoji sort before U+E000. */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}

/** Sorts surrogates after the rest of the plane, where their code points belong. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** Keys in UTF-8 byte order. */
export interface SortedKeys {
  add(key: string): void;
  delete(key: string): void;
  /** Keys from `start` on, including `start`. The set may change during the iteration. */
  from(start: string): Generator<string>;
}

/** Keys are in sorted runs of bounded length, so that a change moves the keys of one run only. */
const MAX_RUN_LENGTH = 1024;

export function createSortedKeys(): SortedKeys {
  const runs: string[][] = [];

  /** The index of the run for `key`. */
  const runOf = (key: string) => Math.max(0, lowerBound(runs, (run) => compareKeys(run[0]!, key) <= 0) - 1);
  const placeIn = (run: string[], key: string) => lowerBound(run, (other) => compareKeys(other, key) < 0);

  return {
    add(key) {
      if (runs.length === 0) return void runs.push([key]);
      const index = runOf(key);
      const run = runs[index]!;
      const place = placeIn(run, key);
      if (run[place] === key) return;
      run.splice(place, 0, key);
      if (run.length > MAX_RUN_LENGTH) runs.splice(index + 1, 0, run.splice(MAX_RUN_LENGTH / 2));
    },
    delete(key) {
      const index = runOf(key);
      const run = runs[index];
      if (!run) return;
      const place = placeIn(run, key);
      if (run[place] !== key) return;
      run.splice(place, 1);
      if (run.length === 0) runs.splice(index, 1);
    },
    *from(start) {
      let next: string | undefined = start;
      let inclusive = true;
      while (next !== undefined) {
        const key = firstFrom(next, inclusive);
        if (key !== undefined) yield key;
        next = key;
        inclusive = false;
      }
    },
  };

  function firstFrom(start: string, inclusive: boolean): string | undefined {
    const index = runOf(start);
    const run = runs[index];
    if (!run) return undefined;
    let place = placeIn(run, start);
    if (!inclusive && run[place] === start) place++;
    return run[place] ?? runs[index + 1]?.[0];
  }
}

/** The number of leading items for which `before` is true; it must be true for a prefix of the list. */
function lowerBound<T>(items: readonly T[], before: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(items[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
