import type { Candidate } from '../gallery.ts';
import { canonicalName } from '../person-name.ts';
import { identityOf, removedInstances } from './merge.ts';
import type { Addition, Segment } from './segment.ts';

/** The current faces, arranged for searching. */
export interface PeopleIndex {
  /** The face of each person that is most similar to `probe`, nearest first, at most `people`. */
  search(probe: Float32Array, people: number): Candidate[];
  /** All instances of all current faces, by person. */
  readonly people: ReadonlyMap<string, readonly Addition[]>;
}

/** The embeddings of one segment. `owners` has the number of the person per embedding, or -1 for a removed face. */
interface Block {
  readonly additions: readonly Addition[];
  readonly vectors: Float32Array;
  readonly owners: Int32Array;
}

export function indexPeople(live: ReadonlyMap<string, Segment>): PeopleIndex {
  const removed = removedInstances(live);
  const numbers = new Map<string, number>();
  const people = new Map<string, Addition[]>();
  const seen = new Set<string>();
  const blocks: Block[] = [];
  for (const { additions, vectors } of live.values()) {
    const owners = new Int32Array(additions.length).fill(-1);
    for (const [row, addition] of additions.entries()) {
      // Two concurrent merges contain the same instances.
      if (removed.has(addition.instance) || seen.has(addition.instance)) continue;
      seen.add(addition.instance);
      const person = canonicalName(addition.person);
      let number = numbers.get(person);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(person, number);
        people.set(person, []);
      }
      people.get(person)!.push(addition);
      owners[row] = number;
    }
    if (additions.length > 0) blocks.push({ additions, vectors, owners });
  }

  return {
    people,
    search(probe, limit) {
      const best = new Float64Array(numbers.size).fill(Number.NEGATIVE_INFINITY);
      const nearest: (Addition | undefined)[] = [];
      const doubles = Float64Array.from(probe);
      for (const { additions, vectors, owners } of blocks) {
        const found = similarities(vectors, doubles);
        for (let row = 0; row < owners.length; row++) {
          const owner = owners[row]!;
          if (owner < 0 || found[row]! <= best[owner]!) continue;
          best[owner] = found[row]!;
          nearest[owner] = additions[row];
        }
      }
      return highest(best, limit).map((number) => {
        const { person, photo } = nearest[number]!;
        return { person: canonicalName(person), id: photo, photo, similarity: Math.min(1, best[number]!) };
      });
    },
  };
}

/** The photos of these instances, without duplicates, sorted. */
export function photosOf(additions: readonly Addition[]): string[] {
  return [...new Map(additions.map((addition) => [identityOf(addition), addition.photo])).values()].sort();
}

/**
 * The similarity of each row to the probe. Four rows at once, because the additions of one sum wait for each other, and
 * the probe in doubles, which saves conversions. This takes three fifths of the time of single rows.
 */
function similarities(vectors: Float32Array, probe: Float64Array): Float64Array {
  const size = probe.length;
  const rows = vectors.length / size;
  const sums = new Float64Array(rows);
  const whole = rows - (rows % 4);
  for (let row = 0; row < whole; row += 4) {
    const at = row * size;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < size; i++) {
      const x = probe[i]!;
      a += vectors[at + i]! * x;
      b += vectors[at + size + i]! * x;
      c += vectors[at + 2 * size + i]! * x;
      d += vectors[at + 3 * size + i]! * x;
    }
    sums[row] = a;
    sums[row + 1] = b;
    sums[row + 2] = c;
    sums[row + 3] = d;
  }
  for (let row = whole; row < rows; row++) {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += vectors[row * size + i]! * probe[i]!;
    sums[row] = sum;
  }
  return sums;
}

/** Indices of the highest values, descending. A sorted list of at most twenty needs no better algorithm. */
function highest(values: Float64Array, limit: number): number[] {
  const top: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (top.length === limit && values[i]! <= values[top[limit - 1]!]!) continue;
    let position = top.length;
    while (position > 0 && values[top[position - 1]!]! < values[i]!) position--;
    top.splice(position, 0, i);
    if (top.length > limit) top.pop();
  }
  return top;
}
