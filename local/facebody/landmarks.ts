import type { Point } from '../../shared/faces/face.ts';

/**
 * doc: 105 points, of which brows 24, eyes 32, nose 6, mouth 34 and contour 9, in this order.
 * guess: the order within a part, and that the brow and eye on the left side of the picture come first.
 */
const PARTS: readonly {
  readonly from: readonly number[];
  readonly closed: boolean;
  readonly points: number;
}[] = [
  { from: [17, 18, 19, 20, 21], closed: false, points: 12 },
  { from: [22, 23, 24, 25, 26], closed: false, points: 12 },
  { from: [36, 37, 38, 39, 40, 41], closed: true, points: 16 },
  { from: [42, 43, 44, 45, 46, 47], closed: true, points: 16 },
  { from: [29, 31, 32, 30, 34, 35], closed: false, points: 6 },
  { from: [48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59], closed: true, points: 18 },
  { from: [60, 61, 62, 63, 64, 65, 66, 67], closed: true, points: 16 },
  { from: [0, 2, 4, 6, 8, 10, 12, 14, 16], closed: false, points: 9 },
];

export const LANDMARK_COUNT = 105;

/** Converts iBUG's 68 points to the vendor's 105: equal steps along the line through the points of each part. */
export function toVendorLandmarks(points: readonly Point[]): Point[] {
  return PARTS.flatMap(({ from, closed, points: count }) => {
    const path = from.map((index) => points[index]!);
    const steps = closed ? path.length : path.length - 1;
    return Array.from({ length: count }, (_, i) => {
      const at = (i * steps) / (closed ? count : count - 1);
      const index = Math.min(Math.floor(at), steps - 1);
      return between(path[index]!, path[(index + 1) % path.length]!, at - index);
    });
  });
}

function between(a: Point, b: Point, t: number): Point {
  return { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t };
}

/** Center and radius of both pupils, from iBUG's 68 points; the one on the left side of the picture first. */
export function toPupils(points: readonly Point[]): number[] {
  return [36, 42].flatMap((first) => {
    const ring = points.slice(first, first + 6);
    const x = ring.reduce((sum, point) => sum + point.x, 0) / 6;
    const y = ring.reduce((sum, point) => sum + point.y, 0) / 6;
    // guess: the iris, a quarter of the width of the eye.
    const radius = Math.hypot(ring[3]!.x - ring[0]!.x, ring[3]!.y - ring[0]!.y) / 4;
    return [x, y, radius];
  });
}
