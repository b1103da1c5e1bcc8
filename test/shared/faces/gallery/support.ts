import { MODEL_FILES } from '../../../../shared/faces/engines/local/models.ts';
import type { NewFace } from '../../../../shared/faces/gallery/gallery.ts';
import type { EmbedderId } from '../../../../shared/faces/gallery/oss/segment.ts';
import { blankPicture } from '../../../support/analyze.ts';

export function embedderOf(size: number): EmbedderId {
  return { name: size === 512 ? `fr_feature-${MODEL_FILES.embedding.sha256.slice(0, 8)}` : 'test', size };
}

/** A picture whose pixels do not matter. */
export const aPicture = { picture: blankPicture(8, 8), box: { x: 0, y: 0, width: 8, height: 8 } };

/** The numbers at unit length. */
export function anEmbedding(...numbers: number[]): Float32Array {
  const norm = Math.hypot(...numbers);
  return Float32Array.from(numbers, (value) => value / norm);
}

export function aNewFace(photo: string, numbers: readonly number[]): NewFace {
  return {
    photo,
    picture: aPicture.picture,
    face: { box: aPicture.box, embedding: anEmbedding(...numbers) },
  };
}
