import { sharedArea } from '../../../images/geometry.ts';
import type { Box, Face } from '../../face.ts';

/** The same face, found by two operations. */
const SAME_OVERLAP = 0.4;

/** The described faces, and those of the detected that are not among them. */
export function mergeFaces(described: readonly Face[], detected: readonly Face[]): Face[] {
  const isNew = ({ box }: Face) => described.every((face) => overlap(face.box, box) < SAME_OVERLAP);
  return [...described, ...detected.filter(isNew)];
}

/** Area of the intersection over area of the union. */
export function overlap(a: Box, b: Box): number {
  const shared = sharedArea(a, b);
  return shared / (a.width * a.height + b.width * b.height - shared || 1);
}
