import type { Box } from '../../face.ts';
import { distance } from './geometry.ts';
import type { RasterKeypoints } from './landmarks.ts';

/** Chosen on the pictures of docs/models.md, which says what passes. */
export const GATE = {
  /** Minimum distance of the eyes divided by the width of the box. Without a face, the landmarks lie closer together. */
  minEyeDistance: 0.27,
  /** Below this probability of the detector, the embedding needs a greater norm. */
  sureProbability: 0.9,
} as const;

/** Whether the eyes are as far apart as in a face that is not turned away. */
export function hasFaceShape(box: Box, { leftEye, rightEye }: RasterKeypoints): boolean {
  return distance(leftEye, rightEye) > GATE.minEyeDistance * box.width;
}

/** Whether the embedding network sees a face. Without `norms` the probability of the detector decides. */
export function hasFaceContent(
  norm: number,
  probability: number,
  norms: { readonly sure: number; readonly unsure: number } | undefined,
): boolean {
  const sure = probability >= GATE.sureProbability;
  if (!norms) return sure;
  return norm >= (sure ? norms.sure : norms.unsure);
}
