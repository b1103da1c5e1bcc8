import type { Face } from '../faces/face.ts';
import type { CallOptions, Gallery } from '../faces/gallery/gallery.ts';
import { assignPeople, type Match } from '../faces/gallery/match.ts';
import type { DecodedPicture } from '../faces/picture.ts';
import { isMatchable } from '../faces/similarity.ts';

/** Candidates per face: enough for a second choice when another face in the picture matches the first one better. */
const CANDIDATES = 5;

export interface IdentifyOptions extends CallOptions {
  /** Whether an unknown face has the similarity to the nearest person. */
  readonly keepBestScore: boolean;
}

/**
 * Identifies the faces of one picture; matches are in the order of the faces. Faces that are too small are unknown and are
 * not searched for. Scores are rounded to three digits, as in results.
 */
export async function identify(
  picture: DecodedPicture,
  faces: readonly Face[],
  gallery: Gallery,
  { keepBestScore, ...call }: IdentifyOptions,
): Promise<Match[]> {
  const asked = faces.filter((face) => isMatchable(face, picture));
  if (asked.length === 0) return faces.map(() => ({ unknown: true }));
  const found = await gallery.search(picture, asked, { people: CANDIDATES, ...call });
  const matches = assignPeople(found, gallery.thresholds);
  const byFace = new Map(asked.map((face, i) => [face, matches[i]!]));
  return faces.map((face) => describe(byFace.get(face) ?? { unknown: true }, keepBestScore));
}

function describe(match: Match, keepBestScore: boolean): Match {
  if ('person' in match) return { ...match, confidence: score(match.confidence) };
  if (!keepBestScore || match.bestScore === undefined) return { unknown: true };
  return { unknown: true, bestScore: score(match.bestScore) };
}

/** Dissimilar faces have negative cosines. Their amount has no meaning. */
function score(similarity: number): number {
  return Math.min(1, Math.max(0, Number(similarity.toFixed(3))));
}
