import type { EmbedderId } from '../../../../shared/faces/index/picture-table.ts';
import type { PictureWrite, SightedFace } from '../../../../shared/faces/index/sighting.ts';
import { seededRandom } from '../../../../shared/runtime/random.ts';

export const EMBEDDER: EmbedderId = { name: 'test-12345678', size: 512 };

/** A direction per seed; those of two seeds are nearly at right angles. */
export function anEmbedding(seed: number, noise = 0, size = EMBEDDER.size): Float32Array {
  const random = seededRandom(seed);
  const other = seededRandom(seed * 7919 + Math.round(noise * 1000) + 1);
  return unit(Float32Array.from({ length: size }, () => random() - 0.5 + noise * (other() - 0.5)));
}

export function unit(vector: Float32Array): Float32Array {
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

export function aWrite(key: string, write: Partial<PictureWrite> = {}): PictureWrite {
  return { bucket: 'photos', key, requestId: '5C3D9175B6FC201293AD4890', time: 1_000, ...write };
}

export function aSightedFace(
  seed: number,
  { noise = 0, ...face }: Partial<SightedFace> & { noise?: number } = {},
): SightedFace {
  return {
    number: 0,
    box: { x: 10, y: 20, width: 90, height: 120 },
    quality: 0.75,
    embedding: anEmbedding(seed, noise),
    ...face,
  };
}
