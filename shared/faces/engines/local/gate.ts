import type { Box } from '../../face.ts';
import { distance } from './geometry.ts';
import type { FaceParts } from './landmarks.ts';

/** Chosen on the pictures of docs/models.md, which says what passes and what does not. */
export const GATE = {
  /** Of the embedding before it is normalised: a network of faces says little about what is none. */
  minNorm: 1.8,
  /** Distance of the eyes over width of the box: the landmarks of what is no face crowd together. */
  minEyeDistance: 0.27,
  /** Where the detector is less sure than `sureProbability`, the embedding must say more. */
  sureProbability: 0.9,
  minNormUnsure: 2.2,
} as const;

/** Whether the eyes stand as far apart as in a face; asked first, because the embedding costs most. */
export function hasFaceShape(box: Box, { leftEye, rightEye }: FaceParts): boolean {
  return distance(leftEye, rightEye) > GATE.minEyeDistance * box.width;
}

/** Whether the embedding network recognised a face in what the detector found. */
export function hasFaceContent(norm: number, probability: number): boolean {
  return norm >= (probability >= GATE.sureProbability ? GATE.minNorm : GATE.minNormUnsure);
}
