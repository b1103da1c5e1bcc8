import type { Sighting } from '../faces/index/sighting.ts';
import type { People } from './people.ts';

export interface Named {
  readonly person: string;
  /** Cosine, at most 1. */
  readonly similarity: number;
}

/** Groups that a face is compared with for a name. */
const CANDIDATES = 8;

/**
 * The names of the faces of one picture, by the numbers of the faces. A face has the name of its group. A face whose group
 * has no name is named after the most similar person from the `match` threshold on, unless facts or another face of the
 * picture speak against it.
 */
export function namesIn(
  people: Pick<People, 'groupOf' | 'nearGroups'>,
  sightings: readonly Pick<Sighting, 'id' | 'number'>[],
  { match }: { readonly match: number },
): Map<number, Named> {
  const names = new Map<number, Named>();
  const claims: (Named & { readonly number: number })[] = [];
  for (const { id, number } of sightings) {
    const group = people.groupOf(id);
    if (!group) continue;
    const member = group.members.find(({ sighting }) => sighting.id === id)!;
    if (group.person !== undefined) {
      names.set(number, { person: group.person, similarity: member.similarity });
      continue;
    }
    for (const near of people.nearGroups(group, { limit: CANDIDATES, minSimilarity: match })) {
      const { person } = near.group;
      if (person !== undefined) claims.push({ number, person, similarity: near.similarity });
    }
  }
  const taken = new Set([...names.values()].map(({ person }) => person));
  for (const { number, person, similarity } of claims.sort((a, b) => b.similarity - a.similarity)) {
    if (names.has(number) || taken.has(person)) continue;
    names.set(number, { person, similarity });
    taken.add(person);
  }
  return names;
}
