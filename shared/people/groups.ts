import type { EnrolledFace } from '../faces/gallery/gallery.ts';
import { bySightingOrder, type Sighting, writeIdOf } from '../faces/index/sighting.ts';
import type { Bond, Constraints } from './constraints.ts';
import { type Core, createCores, spreadOf } from './cores.ts';

export type SeenFace = Sighting & { readonly embedding: Float32Array };

/** One face of a group. */
export interface Member {
  readonly sighting: Sighting;
  /** Cosine to the mean of the similar faces of the group, at the time when it joined; 1 for the first. */
  readonly similarity: number;
}

/** Faces of one person, by likeness and by facts. */
export interface Group {
  /** The id of its oldest sighting, or `person:<name>` for an enrolled person whom no picture shows. */
  readonly id: string;
  readonly person?: string;
  /** From the oldest to the newest. */
  readonly members: readonly Member[];
  readonly hidden: boolean;
}

/** A group that may be the same person as a face or as another group. */
export interface NearGroup {
  readonly group: Group;
  /** Highest cosine of the means of their similar faces. */
  readonly similarity: number;
  /** Average cosine of a face of one and a face of the other, of those means. */
  readonly average: number;
}

export interface NearOptions {
  /** Number of means that are compared, 1 or more. */
  readonly limit: number;
  readonly minSimilarity: number;
}

export interface Grouping {
  /** Sightings must come in the order of `bySightingOrder`. */
  add(face: SeenFace): void;
  /** From the largest to the smallest. */
  groups(): readonly Group[];
  groupOf(sighting: string): Group | undefined;
  /** The most similar groups that neither facts nor pictures keep apart from this one. */
  nearGroups(group: Group, options: NearOptions): NearGroup[];
  /** The most similar groups to a face. */
  search(embedding: Float32Array, options: NearOptions): NearGroup[];
}

export interface GroupingOptions {
  /** Numbers per embedding. */
  readonly size: number;
  /** Cosine from which a face belongs to a group, and two groups are one. */
  readonly threshold: number;
  readonly enrolled?: Iterable<EnrolledFace>;
  readonly constraints: Constraints;
}

/** A group that still grows. It has several cores when facts join faces that are not alike. */
interface Growing {
  readonly members: Member[];
  readonly bonds: Set<Bond>;
  /** The pictures that show the person, also those of faces that facts will add later. */
  readonly pictures: Set<string>;
  readonly cores: Set<Core<Growing>>;
}

interface Found {
  readonly owner: Growing;
  readonly similarity: number;
  readonly average: number;
}

/** A face does not look further than this for a group that it may join. */
const CANDIDATES = 32;

/**
 * Puts faces into groups, from the oldest to the newest. A face joins the most similar group, unless facts keep them apart
 * or the group has another face of the same picture. When the mean of a group has come near to that of another one, the two
 * become one. So the groups depend only on the sightings, the enrolled photos and the facts.
 */
export function createGrouping(options: GroupingOptions): Grouping {
  const { size, threshold, enrolled = [], constraints } = options;
  const cores = createCores<Growing>(size);
  const growing = new Set<Growing>();
  const byBond = new Map<Bond, Growing>();
  let finished: Finished | undefined;

  const newGroup = (): Growing => {
    const group: Growing = { members: [], bonds: new Set(), pictures: new Set(), cores: new Set() };
    growing.add(group);
    return group;
  };

  const claim = (group: Growing, bond: Bond): void => {
    if (group.bonds.has(bond)) return;
    group.bonds.add(bond);
    byBond.set(bond, group);
    for (const sighting of bond.sightings) group.pictures.add(writeIdOf(sighting));
  };

  const bondedOrAlike = ({ id, embedding }: SeenFace, bond: Bond | undefined): Growing => {
    const bonded = bond && byBond.get(bond);
    if (bonded) return bonded;
    const newcomer = {
      bonds: new Set(bond ? [bond] : []),
      pictures: new Set([id, ...(bond?.sightings ?? [])].map(writeIdOf)),
    };
    const found = cores
      .near(embedding, { limit: CANDIDATES, minSimilarity: threshold })
      .find(({ core }) => mayUnite(core.owner, newcomer));
    return found?.core.owner ?? newGroup();
  };

  /** Adds the face to the most similar core of the group, or makes another core. Returns its similarity. */
  const addTo = (group: Growing, embedding: Float32Array): number => {
    const best = [...group.cores]
      .map((core) => ({ core, similarity: cores.similarity(core, embedding) }))
      .filter(({ similarity }) => similarity >= threshold)
      .sort((a, b) => b.similarity - a.similarity || a.core.row - b.core.row)[0];
    if (!best) {
      group.cores.add(cores.create(group, embedding));
      return 1;
    }
    cores.extend(best.core, embedding);
    if (hasMoved(best.core)) uniteAlike(best.core);
    return best.similarity;
  };

  const uniteGroups = (into: Growing, from: Growing): void => {
    if (into === from) return;
    into.members.push(...from.members);
    for (const picture of from.pictures) into.pictures.add(picture);
    for (const bond of from.bonds) claim(into, bond);
    for (const core of from.cores) {
      core.owner = into;
      into.cores.add(core);
    }
    growing.delete(from);
  };

  /** Unites what has become alike since the mean of this core has changed. */
  const uniteAlike = (core: Core<Growing>): void => {
    for (;;) {
      const alike = cores
        .near(cores.mean(core), { limit: CANDIDATES, minSimilarity: threshold })
        .find(({ core: other }) => other !== core && mayUnite(core.owner, other.owner));
      if (!alike) return;
      uniteGroups(core.owner, alike.core.owner);
      core.owner.cores.delete(alike.core);
      cores.unite(core, alike.core);
    }
  };

  const finish = (): Finished => {
    finished ??= finishGroups(growing, constraints);
    return finished;
  };

  /** One entry per group, the most similar first. `spread` is that of the probe. */
  const near = (embedding: Float32Array, search: NearOptions, spread: number): Found[] =>
    cores.near(embedding, search).map(({ core, similarity }) => {
      return { owner: core.owner, similarity, average: similarity * spread * spreadOf(core) };
    });
  const distinct = (found: readonly Found[]): NearGroup[] => {
    const best = new Map<Growing, Found>();
    for (const each of found) {
      if (each.similarity > (best.get(each.owner)?.similarity ?? -1)) best.set(each.owner, each);
    }
    return [...best.values()]
      .map(({ owner, similarity, average }) => ({ group: finish().of.get(owner)!, similarity, average }))
      .sort((a, b) => b.similarity - a.similarity || (a.group.id < b.group.id ? -1 : 1));
  };

  for (const { person, embedding } of [...enrolled].sort(byPersonAndPhoto)) {
    const bond = constraints.bondOfPerson(person);
    const group = byBond.get(bond) ?? newGroup();
    claim(group, bond);
    addTo(group, embedding);
  }

  return {
    add(face) {
      finished = undefined;
      const { embedding, ...sighting } = face;
      const bond = constraints.bondOf(face.id);
      const group = bondedOrAlike(face, bond);
      if (bond) claim(group, bond);
      group.pictures.add(writeIdOf(face.id));
      const member = { sighting, similarity: addTo(group, embedding) };
      // A union may have moved everything to this group, or this group is the one that stays: it is the same.
      group.members.push(member);
    },
    groups: () => finish().groups,
    groupOf: (sighting) => finish().bySighting.get(sighting),
    nearGroups({ id }, search) {
      const own = finish().byId.get(id);
      if (!own) return [];
      const found = [...own.cores].flatMap((core) => near(cores.mean(core), search, spreadOf(core)));
      return distinct(found.filter(({ owner }) => owner !== own && mayUnite(own, owner)));
    },
    search: (embedding, search) => distinct(near(embedding, search, 1)),
  };
}

/** Whether the mean has moved noticeably since the last look: one face in many moves it little. */
function hasMoved({ count }: Core<Growing>): boolean {
  return count <= 8 || count % 8 === 0;
}

/** Whether facts and pictures allow that these are one person. */
function mayUnite(
  one: Pick<Growing, 'bonds' | 'pictures'>,
  other: Pick<Growing, 'bonds' | 'pictures'>,
): boolean {
  if (one === other) return true;
  for (const bond of one.bonds) {
    for (const another of other.bonds) {
      if (bond.others.has(another)) return false;
      if (bond.person !== undefined && another.person !== undefined) return false;
    }
  }
  const [few, many] = one.pictures.size < other.pictures.size ? [one, other] : [other, one];
  return [...few.pictures].every((picture) => !many.pictures.has(picture));
}

interface Finished {
  readonly groups: readonly Group[];
  readonly bySighting: ReadonlyMap<string, Group>;
  readonly byId: ReadonlyMap<string, Growing>;
  readonly of: ReadonlyMap<Growing, Group>;
}

function finishGroups(growing: Iterable<Growing>, constraints: Constraints): Finished {
  const bySighting = new Map<string, Group>();
  const byId = new Map<string, Growing>();
  const of = new Map<Growing, Group>();
  for (const each of growing) {
    const members = [...each.members].sort((a, b) => bySightingOrder(a.sighting, b.sighting));
    const person = [...each.bonds].find((bond) => bond.person !== undefined)?.person;
    const isHidden = () => members.some(({ sighting }) => constraints.isHidden(sighting.id));
    const group: Group = {
      id: members[0]?.sighting.id ?? `person:${person}`,
      person,
      members,
      hidden: person === undefined && isHidden(),
    };
    of.set(each, group);
    byId.set(group.id, each);
    for (const { sighting } of members) bySighting.set(sighting.id, group);
  }
  const groups = [...of.values()].sort(
    (a, b) => b.members.length - a.members.length || (a.id < b.id ? -1 : 1),
  );
  return { groups, bySighting, byId, of };
}

function byPersonAndPhoto(a: EnrolledFace, b: EnrolledFace): number {
  const [one, other] = a.person === b.person ? [a.photo, b.photo] : [a.person, b.person];
  return one < other ? -1 : Number(one > other);
}
