import type { Raster } from '../../../images/image.ts';
import type { Point } from '../../face.ts';
import type { Embedder } from './embedders.ts';
import { fitSimilarity } from './geometry.ts';
import type { RasterKeypoints } from './landmarks.ts';
import { warp } from './sample.ts';
import type { Net } from './session.ts';

export interface Embedding {
  /** Unit length. */
  readonly vector: Float32Array;
  /** Length before normalization. */
  readonly norm: number;
}

/** Rotates and scales the face onto the template and runs the embedding network. */
export async function embed(
  net: Net,
  { side, template, scale }: Embedder,
  raster: Raster,
  keypoints: RasterKeypoints,
): Promise<Embedding> {
  const pixels = warp(raster, fitSimilarity(template, anchors(keypoints)), side, side);
  for (let i = 0; i < pixels.length; i++) pixels[i] = scale(pixels[i]!);
  const raw = (await net.run(pixels, [1, 3, side, side])).output!;
  const norm = Math.hypot(...raw);
  return { vector: raw.map((value) => value / norm), norm };
}

/** The keypoints in the order of the template. */
function anchors({ leftEye, rightEye, nose, mouthLeft, mouthRight }: RasterKeypoints): Point[] {
  return [leftEye, rightEye, nose, mouthLeft, mouthRight];
}
