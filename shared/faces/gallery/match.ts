import type { Candidate, Thresholds } from './gallery.ts';

export type MatchLevel = 'match' | 'high';

/** The person of a face. Below the threshold a face is unknown, whoever the nearest person is. */
export type Match =
  | {
      readonly person: string;
      /** Similarity to the person's nearest face, 0 to 1, on the scale of the gallery's thresholds. */
      readonly confidence: number;
      readonly level: MatchLevel;
    }
  | {
      readonly unknown: true;
      /** Highest similarity to any person; absent when the gallery is empty or the face is too small to search. */
      readonly bestScore?: number;
    };

/**
 * Assigns a person to each face of one picture. Two faces are never the same person: the more similar face gets the
 * name, and the other one gets its next candidate above the threshold or is unknown.
 */
export function assignPeople(
  candidates: readonly (readonly Candidate[])[],
  thresholds: Pick<Thresholds, 'match' | 'high'>,
): Match[] {
  const claims = candidates
    .flatMap((list, face) => list.map((candidate) => ({ face, ...candidate })))
    .filter(({ similarity }) => similarity >= thresholds.match)
    .sort((a, b) => b.similarity - a.similarity);
  const matches = candidates.map((list): Match => {
    const best = Math.max(...list.map(({ similarity }) => similarity));
    return { unknown: true, ...(list.length > 0 && { bestScore: best }) };
  });
  const taken = new Set<string>();
  const named = new Set<number>();
  for (const { face, person, similarity } of claims) {
    if (taken.has(person) || named.has(face)) continue;
    taken.add(person);
    named.add(face);
    matches[face] = { person, confidence: similarity, level: levelOf(similarity, thresholds) };
  }
  return matches;
}

/** Whether two faces are the same person (1:1). `level` is absent when they are not. */
export interface Verification {
  readonly same: boolean;
  readonly confidence: number;
  readonly level?: MatchLevel;
}

export function verify(similarity: number, thresholds: Pick<Thresholds, 'match' | 'high'>): Verification {
  const same = similarity >= thresholds.match;
  return {
    same,
    confidence: Math.max(0, similarity),
    ...(same && { level: levelOf(similarity, thresholds) }),
  };
}

function levelOf(similarity: number, { high }: Pick<Thresholds, 'high'>): MatchLevel {
  return similarity >= high ? 'high' : 'match';
}
