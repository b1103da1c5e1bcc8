export type Vector = readonly [x: number, y: number, z: number];
/** Three rows. */
export type Matrix = readonly [Vector, Vector, Vector];

export function add(a: Vector, b: Vector): Vector {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function scale(a: Vector, factor: number): Vector {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function normalize(a: Vector): Vector {
  return scale(a, 1 / Math.hypot(...a));
}

export function multiply([row0, row1, row2]: Matrix, a: Vector): Vector {
  return [dot(row0, a), dot(row1, a), dot(row2, a)];
}

/** Inverts a symmetric matrix: the cross products of its rows divided by its determinant. */
export function invertSymmetric([row0, row1, row2]: Matrix): Matrix {
  const inverse = 1 / dot(row0, cross(row1, row2));
  return [
    scale(cross(row1, row2), inverse),
    scale(cross(row2, row0), inverse),
    scale(cross(row0, row1), inverse),
  ];
}

/** Moves the points so that their mean is the origin. */
export function center(points: readonly Vector[]): Vector[] {
  const mean = scale(points.reduce(add), -1 / points.length);
  return points.map((point) => add(point, mean));
}

/** The sum of the points, each multiplied by its transpose. */
export function scatter(points: readonly Vector[]): Matrix {
  const row = (axis: 0 | 1 | 2): Vector =>
    points.reduce<Vector>((sum, point) => add(sum, scale(point, point[axis])), [0, 0, 0]);
  return [row(0), row(1), row(2)];
}
