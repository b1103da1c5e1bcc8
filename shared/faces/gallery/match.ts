import type { Candidate, Thresholds } from './gallery.ts';

export type MatchLevel = 'match' | 'high';

/** Who a face is. Nobody is named below the threshold: the nearest person is a stranger then. */
export type Match =
  | {
      readonly person: string;
      /** 0 to 1: the similarity to the person's nearest face, on the scale of the gallery's thresholds. */
      readonly confidence: number;
      readonly level: MatchLevel;
    }
  | {
      readonly unknown: true;
      /** The highest similarity to anybody; absent when the gallery is empty or the face was too small to be asked. */
      readonly bestScore?: number;
    };

/**
 * Gives each face of one picture its person. Two faces are never one person: the more similar one keeps the name, and
 * the other goes to its next candidate above the threshold or stays unknown.
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

/** Whether two faces are one person (1:1). `level` is absent when they are not. */
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
