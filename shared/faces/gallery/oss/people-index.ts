import type { Candidate } from '../gallery.ts';
import { identityOf, removedInstances } from './merge.ts';
import type { Addition, Segment } from './segment.ts';

/** The faces that count, laid out for searching. */
export interface PeopleIndex {
  /** Nearest first: of each person the face that is most similar to `probe`, at most `people` of them. */
  search(probe: Float32Array, people: number): Candidate[];
  /** Every instance of every face that counts, by person. */
  readonly people: ReadonlyMap<string, readonly Addition[]>;
}

/** The embeddings of one segment with, for each, the number of its person, or -1 when it does not count. */
interface Block {
  readonly additions: readonly Addition[];
  readonly vectors: Float32Array;
  readonly owners: Int32Array;
}

export function indexPeople(live: ReadonlyMap<string, Segment>, size: number): PeopleIndex {
  const removed = removedInstances(live);
  const numbers = new Map<string, number>();
  const people = new Map<string, Addition[]>();
  const seen = new Set<string>();
  const blocks: Block[] = [];
  for (const { additions, vectors } of live.values()) {
    const owners = new Int32Array(additions.length).fill(-1);
    for (const [row, addition] of additions.entries()) {
      // Merges of two writers at the same time hold the same instances.
      if (removed.has(addition.instance) || seen.has(addition.instance)) continue;
      seen.add(addition.instance);
      let number = numbers.get(addition.person);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(addition.person, number);
        people.set(addition.person, []);
      }
      people.get(addition.person)!.push(addition);
      owners[row] = number;
    }
    if (additions.length > 0) blocks.push({ additions, vectors, owners });
  }

  return {
    people,
    search(probe, limit) {
      const best = new Float32Array(numbers.size).fill(Number.NEGATIVE_INFINITY);
      const rows = new Int32Array(numbers.size);
      const origins = new Int32Array(numbers.size);
      for (const [origin, { vectors, owners }] of blocks.entries()) {
        for (let row = 0; row < owners.length; row++) {
          const owner = owners[row]!;
          if (owner < 0) continue;
          const similarity = dot(vectors, row * size, probe);
          if (similarity > best[owner]!) {
            best[owner] = similarity;
            rows[owner] = row;
            origins[owner] = origin;
          }
        }
      }
      return highest(best, limit).map((number) => {
        const { person, photo } = blocks[origins[number]!]!.additions[rows[number]!]!;
        return { person, id: photo, photo, similarity: Math.min(1, best[number]!) };
      });
    },
  };
}

/** How many faces these instances are. */
export function photosOf(additions: readonly Addition[]): string[] {
  return [...new Map(additions.map((addition) => [identityOf(addition), addition.photo])).values()].sort();
}

/** Four sums, because one would wait for each addition before the next; sizes are multiples of four. */
function dot(vectors: Float32Array, at: number, probe: Float32Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < probe.length; i += 4) {
    a += vectors[at + i]! * probe[i]!;
    b += vectors[at + i + 1]! * probe[i + 1]!;
    c += vectors[at + i + 2]! * probe[i + 2]!;
    d += vectors[at + i + 3]! * probe[i + 3]!;
  }
  return a + b + c + d;
}

/** Indices of the highest values, descending. A list of at most twenty is kept sorted by hand. */
function highest(values: Float32Array, limit: number): number[] {
  const top: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (top.length === limit && values[i]! <= values[top[limit - 1]!]!) continue;
    let place = top.length;
    while (place > 0 && values[top[place - 1]!]! < values[i]!) place--;
    top.splice(place, 0, i);
    if (top.length > limit) top.pop();
  }
  return top;
}
