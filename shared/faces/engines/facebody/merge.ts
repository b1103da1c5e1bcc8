import { overlap } from '../../../images/geometry.ts';
import type { Face } from '../../face.ts';

/** Intersection over union from which two operations have found the same face. */
const SAME_OVERLAP = 0.4;

/** The described faces, and the detected faces that are not among them. */
export function mergeFaces(described: readonly Face[], detected: readonly Face[]): Face[] {
  const isNew = ({ box }: Face) => described.every((face) => overlap(face.box, box) < SAME_OVERLAP);
  return [...described, ...detected.filter(isNew)];
}
