import type { Statement } from './facts.ts';
import type { Group, Grouping, NearGroup } from './groups.ts';

/** Which of the candidates is the same person as the group, if any? */
export interface Question {
  readonly group: Group;
  /** Larger groups that may be the same person, the most likely first; at least one. */
  readonly candidates: readonly NearGroup[];
  /** Number of pairs of faces that an answer is expected to bring together. */
  readonly gain: number;
}

/** Chosen by how many answers lead to the right groups, on 571 faces of 171 people. */
export function questionBars({ match, high }: { match: number; high: number }): QuestionOptions {
  return { evenSimilarity: high - (high - match) / 5, minSimilarity: match - 0.15 };
}

export interface QuestionOptions {
  /** Average cosine at which two groups are as likely one person as two. */
  readonly evenSimilarity: number;
  /** Groups whose means are less similar are no candidates. */
  readonly minSimilarity: number;
  /** @default 20 */
  readonly limit?: number;
}

/**
 * How fast the doubt about two single faces ends: at 1.4 times this difference from `evenSimilarity`, the odds are 1 to 3.
 * Averages of many faces are more certain.
 */
const DOUBT = 0.04;

/** As many as a person compares at a glance. */
const MAX_CANDIDATES = 4;

/** The questions that settle most, first. Groups that facts or a picture keep apart are no candidates of each other. */
export function nextQuestions(
  grouping: Pick<Grouping, 'groups' | 'nearGroups'>,
  { evenSimilarity, minSimilarity, limit = 20 }: QuestionOptions,
): Question[] {
  const likely = (one: Group, { group: other, average }: NearGroup) => {
    const doubt = DOUBT * Math.sqrt(1 / sizeOf(one) + 1 / sizeOf(other));
    return 1 / (1 + 3 ** ((evenSimilarity - average) / doubt));
  };
  const questions = grouping.groups().flatMap((group): Question[] => {
    if (group.hidden) return [];
    const gainOf = (near: NearGroup) => likely(group, near) * sizeOf(group) * sizeOf(near.group);
    const candidates = grouping
      .nearGroups(group, { limit: 32, minSimilarity })
      .filter((near) => !near.group.hidden && isLarger(near.group, group))
      .sort((a, b) => likely(group, b) - likely(group, a))
      .slice(0, MAX_CANDIDATES);
    const gain = candidates.reduce((sum, near) => sum + gainOf(near), 0);
    return candidates.length > 0 ? [{ group, candidates, gain }] : [];
  });
  return questions.sort((a, b) => b.gain - a.gain || (a.group.id < b.group.id ? -1 : 1)).slice(0, limit);
}

/** The facts of an answer: the candidate that is the same person, or `undefined` when none is. */
export function answerFacts({ group, candidates }: Question, answer: Group | undefined): Statement[] {
  if (answer) return [sameGroups(group, answer)];
  return candidates.map((candidate) => differentGroups(group, candidate.group));
}

function sameGroups(one: Group, other: Group): Statement {
  if (one.members.length === 0) return { kind: 'is', sighting: other.id, person: one.person! };
  if (other.members.length === 0) return { kind: 'is', sighting: one.id, person: other.person! };
  return { kind: 'same', sightings: [one.id, other.id] };
}

function differentGroups(one: Group, other: Group): Statement {
  if (one.members.length === 0) return { kind: 'not', sighting: other.id, person: one.person! };
  if (other.members.length === 0) return { kind: 'not', sighting: one.id, person: other.person! };
  return { kind: 'different', sightings: [one.id, other.id] };
}

/** So that of two groups only one asks about the other. */
function isLarger(one: Group, other: Group): boolean {
  return one.members.length === other.members.length
    ? one.id < other.id
    : one.members.length > other.members.length;
}

/** An enrolled person whom no picture shows counts as one face. */
function sizeOf({ members }: Group): number {
  return Math.max(1, members.length);
}
