import { decode, encode } from '../../index/vectors/codes.ts';
import { createVectorTable } from '../../index/vectors/table.ts';
import type { Candidate, EnrolledFace } from '../gallery.ts';
import { canonicalName } from '../person-name.ts';
import { identityOf } from './merge.ts';
import type { Addition, Segment } from './segment.ts';

/** The current faces, arranged for searching. */
export interface PeopleIndex {
  /** Takes over the current segments. Costs as much as the segments that came and went. */
  update(live: ReadonlyMap<string, Segment>): void;
  /** Per probe, the face of each person that is most similar, nearest first, at most `people`. */
  search(probes: readonly Float32Array[], people: number): Promise<Candidate[][]>;
  /** All instances of all current faces, by person. */
  readonly people: ReadonlyMap<string, ReadonlySet<Addition>>;
  /** One per face, with 8 bits per number. */
  embeddings(): Generator<EnrolledFace>;
  close(): Promise<void>;
}

/** One addition, as long as any segment contains or removes it. */
interface Instance {
  /** Segments that contain it, and segments that remove it: concurrent merges contain the same instances. */
  additions: number;
  removals: number;
  addition?: Addition;
  row?: number;
}

/** Faces that are compared per person who is wanted, at first. */
const FACES_PER_PERSON = 8;

export function createPeopleIndex(size: number): PeopleIndex {
  const table = createVectorTable(size);
  const owners: (Addition | undefined)[] = [];
  const instances = new Map<string, Instance>();
  const people = new Map<string, Set<Addition>>();
  let known: ReadonlyMap<string, Segment> = new Map();

  const instanceOf = (id: string): Instance => {
    const instance = instances.get(id) ?? { additions: 0, removals: 0 };
    instances.set(id, instance);
    return instance;
  };

  /** Counts a segment that came, or one that went. */
  const count = ({ additions, removals }: Segment, step: 1 | -1): void => {
    for (const { instance } of additions) instanceOf(instance).additions += step;
    for (const { instance } of removals) instanceOf(instance).removals += step;
  };

  const show = (instance: Instance, given: Addition, embedding: Float32Array): void => {
    // Earlier versions wrote names as they came.
    const addition = { ...given, person: canonicalName(given.person) };
    instance.addition = addition;
    instance.row = table.add(encode(embedding));
    owners[instance.row] = addition;
    const own = people.get(addition.person) ?? new Set();
    people.set(addition.person, own.add(addition));
  };

  const settle = (id: string): void => {
    const instance = instances.get(id);
    if (!instance || (instance.additions > 0 && instance.removals === 0)) return;
    const { addition, row } = instance;
    if (addition && row !== undefined) {
      table.remove(row);
      owners[row] = undefined;
      const own = people.get(addition.person)!;
      own.delete(addition);
      if (own.size === 0) people.delete(addition.person);
      instance.row = undefined;
    }
    if (instance.additions === 0 && instance.removals === 0) instances.delete(id);
  };

  const searchOne = (probe: Float32Array, limit: number, faces: number) =>
    table.search([probe], { limit: faces, minSimilarity: -1 }).then(async ([hits]): Promise<Candidate[]> => {
      const nearest = new Map<string, Candidate>();
      for (const { row, similarity } of hits!) {
        // The row may have been freed while a thread was searching.
        const owner = owners[row];
        if (!owner || nearest.has(owner.person)) continue;
        nearest.set(owner.person, { person: owner.person, id: owner.photo, photo: owner.photo, similarity });
      }
      if (nearest.size >= limit || hits!.length < faces) return [...nearest.values()].slice(0, limit);
      // The nearest faces belong to few people.
      return searchOne(probe, limit, faces * 4);
    });

  return {
    people,

    update(live) {
      const came = [...live].filter(([name, segment]) => known.get(name) !== segment);
      const went = [...known].filter(([name, segment]) => live.get(name) !== segment);
      known = live;
      for (const [, segment] of came) count(segment, 1);
      for (const [, segment] of went) count(segment, -1);
      for (const [, { additions, vectors }] of came) {
        for (const [i, addition] of additions.entries()) {
          const instance = instances.get(addition.instance)!;
          if (instance.row !== undefined || instance.removals > 0) continue;
          show(instance, addition, vectors.subarray(i * size, (i + 1) * size));
        }
      }
      for (const [, { additions, removals }] of [...came, ...went]) {
        for (const { instance } of [...additions, ...removals]) settle(instance);
      }
    },

    search: (probes, limit) =>
      Promise.all(probes.map((probe) => searchOne(probe, limit, limit * FACES_PER_PERSON))),

    *embeddings() {
      const given = new Set<string>();
      for (const [row, owner] of owners.entries()) {
        if (!owner || given.has(identityOf(owner))) continue;
        given.add(identityOf(owner));
        const { person, photo } = owner;
        yield { person, photo, embedding: decode(table.read(row)) };
      }
    },

    close: () => table.close(),
  };
}

/** The photos of these instances, without duplicates, sorted. */
export function photosOf(additions: Iterable<Addition>): string[] {
  const photos = [...additions].map((addition) => [identityOf(addition), addition.photo] as const);
  return [...new Map(photos).values()].sort();
}
