import type { Point } from '../../face.ts';

/** Maps (x, y) to (a·x + b·y + c, d·x + e·y + f). */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export function distance(p: Point, q: Point): number {
  return Math.hypot(p.x - q.x, p.y - q.y);
}

export function centroid(points: readonly Point[]): Point {
  let x = 0;
  let y = 0;
  for (const point of points) {
    x += point.x;
    y += point.y;
  }
  return { x: x / points.length, y: y / points.length };
}

/**
 * The rotation, uniform scale and shift that map `from` as closely as possible to `to`, point by point (least squares
 * of the distances at `to`).
 */
export function fitSimilarity(from: readonly Point[], to: readonly Point[]): Affine {
  const origin = centroid(from);
  const target = centroid(to);
  let dot = 0;
  let cross = 0;
  let spread = 0;
  for (const [i, point] of from.entries()) {
    const x = point.x - origin.x;
    const y = point.y - origin.y;
    const u = to[i]!.x - target.x;
    const v = to[i]!.y - target.y;
    dot += x * u + y * v;
    cross += x * v - y * u;
    spread += x * x + y * y;
  }
  const cos = dot / spread;
  const sin = cross / spread;
  return [
    cos,
    -sin,
    target.x - cos * origin.x + sin * origin.y,
    sin,
    cos,
    target.y - sin * origin.x - cos * origin.y,
  ];
}
