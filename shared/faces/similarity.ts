import type { PictureFacts } from '../images/image.ts';
import type { Face } from './face.ts';

/**
 * Cosine from which two faces are one person, for the local engine's default embedder. Measured: 0.009 % of 44,437
 * pairs of strangers passed and 2.7 % of 1,014 pairs of one person failed; of strangers in one photo with a width of
 * 45 to 70 pixels, 0.26 % passed. With the usual 0.35, ten times as many strangers pass.
 */
export const MATCH_SIMILARITY = 0.45;

/** Cosine of high confidence: 0.005 % of strangers passed, none of 768 pairs in one photo; 3.9 % of pairs failed. */
export const HIGH_SIMILARITY = 0.5;

/**
 * Minimum width of a face in pixels of the raster. At 20 to 30 pixels, 7.4 % of strangers in one photo passed
 * `MATCH_SIMILARITY`.
 */
export const MIN_MATCH_WIDTH = 45;

/** Whether the face is wide enough, in pixels of the raster, and clear enough to distinguish people. */
export function isMatchable(
  { box, quality }: Pick<Face, 'box' | 'quality'>,
  { width, raster }: PictureFacts,
): boolean {
  return quality !== 0 && (box.width * raster.width) / width >= MIN_MATCH_WIDTH;
}

/** Cosine of the angle between two embeddings of unit length, -1 to 1. Throws `RangeError` when sizes differ. */
export function similarity(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new RangeError(`embeddings of ${a.length} and ${b.length} numbers`);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
