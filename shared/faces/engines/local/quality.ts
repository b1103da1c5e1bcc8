/** In pixels. Narrower faces cannot be distinguished: within one photo, 7 % of strangers passed as one person. */
const FULL_WIDTH = 45;

/**
 * How well a face can be recognised, 0 to 1. The norm of the embedding reflects sharpness, light and angle: 0 is the
 * smallest norm of a face, 1 the norm of a good face (docs/models.md). Faces narrower than 45 pixels of the raster get
 * proportionally less.
 */
export function faceQuality(
  norm: number,
  width: number,
  { sure: worst, best }: { readonly sure: number; readonly best: number },
): number {
  return clamp((norm - worst) / (best - worst)) * clamp(width / FULL_WIDTH);
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
