import type { Raster } from '../../../images/image.ts';
import type { Point } from '../../face.ts';
import type { Embedder } from './embedders.ts';
import { fitSimilarity } from './geometry.ts';
import type { FaceParts } from './landmarks.ts';
import { warp } from './sample.ts';
import type { Net } from './session.ts';

export interface Embedding {
  /** Unit length. */
  readonly vector: Float32Array;
  /** Length before it was made 1. */
  readonly norm: number;
}

/** Turns and scales the face onto the template and describes it. */
export async function embed(
  net: Net,
  { side, template, scale }: Embedder,
  raster: Raster,
  parts: FaceParts,
): Promise<Embedding> {
  const pixels = warp(raster, fitSimilarity(template, anchors(parts)), side, side);
  for (let i = 0; i < pixels.length; i++) pixels[i] = scale(pixels[i]!);
  const raw = (await net.run(pixels, [1, 3, side, side])).output!;
  const norm = Math.hypot(...raw);
  return { vector: raw.map((value) => value / norm), norm };
}

/** The points of a face in the order of the template. */
function anchors({ leftEye, rightEye, nose, mouthLeft, mouthRight }: FaceParts): Point[] {
  return [leftEye, rightEye, nose, mouthLeft, mouthRight];
}
