import type { MatchLevel } from '../../faces/gallery/match.ts';
import type { NearSighting } from '../../faces/index/face-index.ts';
import { withPicture } from '../../faces/picture.ts';
import { isMatchable } from '../../faces/similarity.ts';
import { AppError } from '../../runtime/errors.ts';
import type { Seen } from '../compose/seen.ts';
import { imageBounds, type PipelineOptions } from '../options.ts';

export interface FoundFace extends NearSighting {
  /** `maybe` below the `match` threshold. */
  readonly level: MatchLevel | 'maybe';
}

/** Faces that are less similar are left out: nearly all of them are strangers. */
const DOUBT = 0.1;

/** The faces that are most similar to the largest face of a photo. Nothing is stored. Throws `FaceNotFound`. */
export async function searchFace(
  photo: Uint8Array,
  { seen, options }: { seen: Seen; options: PipelineOptions },
  { limit, signal }: { limit: number; signal?: AbortSignal },
): Promise<FoundFace[]> {
  const { match, high } = seen.embedder.thresholds;
  const opening = seen.engine.open(photo, { bounds: imageBounds(options), signal });
  const embedding = await withPicture(opening, async (picture) => {
    const [face] = await picture.faces({ attributes: new Set(), embeddings: true, signal });
    return face && isMatchable(face, picture) ? face.embedding : undefined;
  });
  if (!embedding) {
    throw new AppError(
      'FaceNotFound',
      'the photo shows no face that is large and clear enough to be compared',
    );
  }
  const [found] = await seen.index.search([embedding], { limit, minSimilarity: match - DOUBT, signal });
  return found!.map((near) => ({ ...near, level: levelOf(near.similarity, { match, high }) }));
}

function levelOf(similarity: number, { match, high }: { match: number; high: number }): FoundFace['level'] {
  if (similarity >= high) return 'high';
  return similarity >= match ? 'match' : 'maybe';
}
