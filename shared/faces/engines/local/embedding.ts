import type { Raster } from '../../../images/image.ts';
import type { Point } from '../../face.ts';
import { fitSimilarity } from './geometry.ts';
import type { FaceParts } from './landmarks.ts';
import { warp } from './sample.ts';
import type { Net } from './session.ts';

const SIDE = 112;

/**
 * Where eyes, nose and corners of the mouth lie in a picture of 112 × 112 that recognition networks are trained on.
 * Source: github.com/deepinsight/insightface, `python-package/insightface/utils/face_align.py`.
 */
const TEMPLATE: readonly Point[] = [
  { x: 38.2946, y: 51.6963 },
  { x: 73.5318, y: 51.5014 },
  { x: 56.0252, y: 71.7366 },
  { x: 41.5493, y: 92.3655 },
  { x: 70.7299, y: 92.2041 },
];

export interface Embedding {
  /** 512 numbers of unit length. */
  readonly vector: Float32Array;
  /** Length before it was made 1; grows with how much of a face the network saw. */
  readonly norm: number;
}

/** Turns and scales the face onto the template and describes it. */
export async function embed(net: Net, raster: Raster, parts: FaceParts): Promise<Embedding> {
  const pixels = warp(raster, fitSimilarity(TEMPLATE, anchors(parts)), SIDE, SIDE);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (pixels[i]! - 127) / 128;
  const raw = (await net.run(pixels, [1, 3, SIDE, SIDE])).output!;
  const norm = Math.hypot(...raw);
  return { vector: raw.map((value) => value / norm), norm };
}

/** The points of a face in the order of the template. */
function anchors({ leftEye, rightEye, nose, mouthLeft, mouthRight }: FaceParts): Point[] {
  return [leftEye, rightEye, nose, mouthLeft, mouthRight];
}
