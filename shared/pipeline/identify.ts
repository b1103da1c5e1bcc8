import type { Face } from '../faces/face.ts';
import type { CallOptions, Gallery } from '../faces/gallery/gallery.ts';
import { assignPeople, type Match } from '../faces/gallery/match.ts';
import { isMatchable } from '../faces/similarity.ts';
import type { UprightImage } from '../images/image.ts';

/** People asked for each face: enough for a second choice where somebody else in the picture is the better match. */
const CANDIDATES = 5;

export interface IdentifyOptions extends CallOptions {
  /** Whether an unknown face tells how similar it was to anybody. */
  readonly keepBestScore: boolean;
}

/**
 * Who the faces of one picture are, in their order. Faces too small to be told apart are unknown and are not searched
 * for. Scores are rounded to three digits, as they stand in results.
 */
export async function identify(
  image: UprightImage,
  faces: readonly Face[],
  gallery: Gallery,
  { keepBestScore, ...call }: IdentifyOptions,
): Promise<Match[]> {
  const asked = faces.filter((face) => isMatchable(face, image));
  if (asked.length === 0) return faces.map(() => ({ unknown: true }));
  const found = await gallery.search(image, asked, { people: CANDIDATES, ...call });
  const matches = assignPeople(found, gallery.thresholds);
  const byFace = new Map(asked.map((face, i) => [face, matches[i]!]));
  return faces.map((face) => describe(byFace.get(face) ?? { unknown: true }, keepBestScore));
}

function describe(match: Match, keepBestScore: boolean): Match {
  if ('person' in match) return { ...match, confidence: score(match.confidence) };
  if (!keepBestScore || match.bestScore === undefined) return { unknown: true };
  return { unknown: true, bestScore: score(match.bestScore) };
}

/** Dissimilar faces have negative cosines, of which the amount says nothing. */
function score(similarity: number): number {
  return Math.min(1, Math.max(0, Number(similarity.toFixed(3))));
}
