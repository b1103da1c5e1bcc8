import type { Fact } from './facts.ts';
import type { People } from './people.ts';

export interface WhyOptions {
  readonly match: number;
  readonly high: number;
  /** Cosine from which faces are grouped. */
  readonly group: number;
}

/** People with whom a face is compared in the explanation. */
const NEAREST = 3;

/** Why a face has its name or none, in sentences: its group, the facts about it, the nearest people, what would change it. */
export function explainFace(people: People, sighting: string, thresholds: WhyOptions): string[] {
  const group = people.groupOf(sighting);
  if (!group)
    return ['The face is not kept: it is too small, turned away or unclear, or its picture was removed.'];
  const { match, high, group: threshold } = thresholds;
  const member = group.members.find((each) => each.sighting.id === sighting)!;
  const others = group.members.length - 1;
  const lines = [
    others === 0
      ? `No other face is similar enough to be the same person: groups begin at ${percent(threshold)}.`
      : group.id === sighting
        ? `It is the oldest of a group with ${count(others, 'other face')}.`
        : `It is in a group with ${count(others, 'other face')}; its similarity to them was ${percent(member.similarity)} ` +
          `when it joined, and groups begin at ${percent(threshold)}.`,
  ];
  const facts = people.facts.filter((fact) => mentions(fact, sighting));
  for (const fact of facts)
    lines.push(`${count(1, 'fact')} about this face: ${describe(fact)} (${fact.id}).`);
  for (const { fact, reason } of people.contradictions) {
    if (mentions(fact, sighting)) lines.push(`The fact ${fact.id} does not count: ${reason}.`);
  }
  if (group.person !== undefined) {
    lines.push(`The group is ${group.person}, so the face is ${group.person}.`);
    return lines;
  }

  const near = people
    .nearGroups(group, { limit: 32, minSimilarity: 0 })
    .filter((each) => each.group.person !== undefined)
    .slice(0, NEAREST);
  for (const { group: other, similarity } of near) {
    const missing = match - similarity;
    lines.push(
      missing > 0
        ? `${other.person}: similarity ${percent(similarity)}, ${percent(missing)} below the ${percent(match)} of a match.`
        : `${other.person}: similarity ${percent(similarity)}, a match${similarity >= high ? ' of high confidence' : ''}.`,
    );
  }
  if (near.length === 0) lines.push('No known person may be this face.');
  lines.push(`To give it a name: mnsoss-face people name ${group.id} <person>.`);
  return lines;
}

function mentions(fact: Fact, sighting: string): boolean {
  if ('sighting' in fact) return fact.sighting === sighting;
  return 'sightings' in fact && fact.sightings.includes(sighting);
}

function describe(fact: Fact): string {
  switch (fact.kind) {
    case 'is':
      return `it is ${fact.person}`;
    case 'not':
      return `it is not ${fact.person}`;
    case 'hide':
      return 'it is hidden';
    case 'same':
      return 'it is the same person as another face';
    default:
      return 'it is another person than another face';
  }
}

function percent(similarity: number): string {
  return similarity.toFixed(2);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
