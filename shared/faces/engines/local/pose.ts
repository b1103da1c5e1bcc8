import type { Point, Pose } from '../../face.ts';
import {
  add,
  center,
  cross,
  invertSymmetric,
  type Matrix,
  multiply,
  normalize,
  scale,
  scatter,
  type Vector,
} from './vector.ts';

/**
 * An average head, in millimetres from the tip of the nose (right in the picture, down, away from the viewer). Contains
 * those of the 68 points that facial expressions move least. Rounded from common anthropometric data: the outer corners
 * of the eyes are 90 mm apart, the inner ones 32 mm; the mouth is 50 mm wide.
 */
export const HEAD: readonly (readonly [landmark: number, position: Vector])[] = [
  [36, [-45, -34, 42]],
  [39, [-16, -33, 34]],
  [42, [16, -33, 34]],
  [45, [45, -34, 42]],
  [27, [0, -38, 22]],
  [30, [0, 0, 0]],
  [31, [-14, 9, 20]],
  [33, [0, 13, 15]],
  [35, [14, 9, 20]],
  [48, [-25, 32, 32]],
  [54, [25, 32, 32]],
  [8, [0, 76, 26]],
];

const CENTERED = center(HEAD.map(([, position]) => position));
const INVERSE_SPREAD = invertSymmetric(scatter(CENTERED));

/**
 * The pose of a head, from iBUG's 68 points: the rotation of an average head whose image without perspective is closest
 * to them. docs/models.md has the error.
 */
export function estimatePose(landmarks: readonly Point[]): Pose {
  const { right, down } = fitProjection(landmarks);
  return toAngles(orthonormalize(right, down));
}

/** The two rows that project the head onto the picture, rotation times scale, by least squares over the points. */
function fitProjection(landmarks: readonly Point[]): { right: Vector; down: Vector } {
  const points = HEAD.map(([landmark]) => landmarks[landmark]!);
  // The positions are centred, so the shift between head and picture is not an unknown.
  const right = CENTERED.reduce<Vector>((sum, from, i) => add(sum, scale(from, points[i]!.x)), [0, 0, 0]);
  const down = CENTERED.reduce<Vector>((sum, from, i) => add(sum, scale(from, points[i]!.y)), [0, 0, 0]);
  return { right: multiply(INVERSE_SPREAD, right), down: multiply(INVERSE_SPREAD, down) };
}

/** The rotation that is closest to two rows. Because of noise they are neither orthogonal nor equally long. */
function orthonormalize(right: Vector, down: Vector): Matrix {
  const a = normalize(right);
  const b = normalize(down);
  const sum = normalize(add(a, b));
  const difference = normalize(add(a, scale(b, -1)));
  const row0 = scale(add(sum, difference), Math.SQRT1_2);
  const row1 = scale(add(sum, scale(difference, -1)), Math.SQRT1_2);
  return [row0, row1, cross(row0, row1)];
}

/** Angles in the order yaw, pitch, roll; signs as in `Pose`. */
function toAngles([row0, row1, row2]: Matrix): Pose {
  return {
    yaw: degrees(Math.atan2(row2[0], row2[2])),
    pitch: degrees(-Math.asin(Math.min(1, Math.max(-1, row2[1])))),
    roll: degrees(Math.atan2(-row0[1], row1[1])),
  };
}

function degrees(radians: number): number {
  return (radians * 180) / Math.PI;
}
