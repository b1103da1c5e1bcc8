import type { EnrolledFace } from '../faces/gallery/gallery.ts';
import { bySightingOrder } from '../faces/index/sighting.ts';
import { type Contradiction, combineFacts } from './constraints.ts';
import type { Fact } from './facts.ts';
import { createGrouping, type Grouping, type SeenFace } from './groups.ts';

/** Everybody who was seen, at one moment. */
export interface People extends Pick<Grouping, 'groups' | 'groupOf' | 'nearGroups' | 'search'> {
  readonly facts: readonly Fact[];
  readonly contradictions: readonly Contradiction[];
}

export interface PeopleRules {
  /** Numbers per embedding. */
  readonly size: number;
  /** Cosine from which a face belongs to a group. */
  readonly threshold: number;
}

export interface PeopleInput {
  /** In any order. */
  readonly sightings: Iterable<SeenFace> | AsyncIterable<SeenFace>;
  readonly enrolled: readonly EnrolledFace[];
  readonly facts: readonly Fact[];
}

/** Faces that are grouped before the event loop gets its turn: a few milliseconds. */
const FACES_PER_TURN = 32;

/** People are a function of sightings, enrolled photos and facts, in whatever order these come. */
export async function peopleOf(input: PeopleInput, rules: PeopleRules): Promise<People> {
  const sightings: SeenFace[] = [];
  for await (const sighting of input.sightings) sightings.push(sighting);
  sightings.sort(bySightingOrder);
  const constraints = combineFacts(input.facts);
  const grouping = createGrouping({ ...rules, enrolled: input.enrolled, constraints });
  for (const [i, sighting] of sightings.entries()) {
    if (i % FACES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    grouping.add(sighting);
  }
  const { groups, groupOf, nearGroups, search } = grouping;
  return {
    groups,
    groupOf,
    nearGroups,
    search,
    facts: input.facts,
    contradictions: constraints.contradictions,
  };
}

/**
 * The cosine from which faces are grouped: as much above `high` as `high` is above `match`. Measured with the default
 * embedder, on 571 faces of 171 people: F1 0.98, and no group of five faces and more with two people.
 */
export function groupThreshold({ match, high }: { match: number; high: number }): number {
  return high + (high - match);
}
