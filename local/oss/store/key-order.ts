/** Compares by UTF-8 bytes, the order of OSS listings; JavaScript compares UTF-16, where emoji sort before U+E000. */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}

/** Moves surrogates behind the rest of the plane, where their code points belong. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** Keys in UTF-8 byte order. */
export interface SortedKeys {
  add(key: string): void;
  delete(key: string): void;
  /** Keys from `start` on; `start` itself too when it is there. The set may change while one iterates. */
  from(start: string): Generator<string>;
}

/** Sorted runs of bounded length: a change moves one run's keys, not all that follow. */
const MAX_RUN = 1024;

export function createSortedKeys(): SortedKeys {
  const runs: string[][] = [];

  /** The run that holds `key` or would. */
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
      if (run.length > MAX_RUN) runs.splice(index + 1, 0, run.splice(MAX_RUN / 2));
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

/** How many leading items satisfy `before`, which holds for a prefix of the list. */
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
