import type { Box } from '../../face.ts';
import { distance } from './geometry.ts';
import type { FaceParts } from './landmarks.ts';

/** Chosen on the pictures of docs/models.md, which says what passes and what does not. */
export const GATE = {
  /** Distance of the eyes over width of the box: the landmarks of what is no face crowd together. */
  minEyeDistance: 0.27,
  /** Where the detector is less sure, the embedding must say more. */
  sureProbability: 0.9,
} as const;

/** Whether the eyes stand as far apart as in a face that is not turned away. */
export function hasFaceShape(box: Box, { leftEye, rightEye }: FaceParts): boolean {
  return distance(leftEye, rightEye) > GATE.minEyeDistance * box.width;
}

/** Whether the embedding network recognised a face; one whose norms say nothing leaves it to the detector. */
export function hasFaceContent(
  norm: number,
  probability: number,
  norms: { readonly sure: number; readonly unsure: number } | undefined,
): boolean {
  const sure = probability >= GATE.sureProbability;
  if (!norms) return sure;
  return norm >= (sure ? norms.sure : norms.unsure);
}
