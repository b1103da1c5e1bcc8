import type { Raster } from '../../../images/image.ts';
import type { Box, Keypoints, Point } from '../../face.ts';
import { centroid } from './geometry.ts';
import { cropSquare } from './sample.ts';
import type { Net } from './session.ts';

const SIDE = 64;
const POINTS = 68;

/**
 * The 68 points of iBUG's scheme, in pixels of the raster. The network expects a grey square that is as high as the
 * detector's box and horizontally centred on it.
 */
export async function locateLandmarks(net: Net, raster: Raster, box: Box): Promise<Point[]> {
  const side = box.height;
  const left = box.x + (box.width - side) / 2;
  const output = (await net.run(toGray(cropSquare(raster, left, box.y, side, SIDE)), [1, 1, SIDE, SIDE]))
    .output!;
  return Array.from({ length: POINTS }, (_, i) => ({
    x: left + output[2 * i]! * side,
    y: box.y + output[2 * i + 1]! * side,
  }));
}

/** Luma of ITU-R BT.601, 0 to 1. */
function toGray(planes: Float32Array): Float32Array {
  const size = SIDE * SIDE;
  const gray = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    gray[i] = (0.299 * planes[i]! + 0.587 * planes[size + i]! + 0.114 * planes[2 * size + i]!) / 256;
  }
  return gray;
}

/** The points of a face that later stages use, in pixels of the raster. */
export interface RasterKeypoints extends Keypoints {
  /** Centre of the mouth. */
  readonly mouth: Point;
}

/** From iBUG's points: 36–41 and 42–47 are the eyes, 30 is the tip of the nose, 48–67 are the mouth. */
export function keypointsOf(landmarks: readonly Point[]): RasterKeypoints {
  return {
    leftEye: centroid(landmarks.slice(36, 42)),
    rightEye: centroid(landmarks.slice(42, 48)),
    nose: landmarks[30]!,
    mouthLeft: landmarks[48]!,
    mouthRight: landmarks[54]!,
    mouth: centroid(landmarks.slice(48, 68)),
  };
}
