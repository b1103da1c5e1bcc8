/** Narrower faces cannot be told apart: within one photo 7 % of strangers passed as one person. */
const FULL_WIDTH = 45;

/**
 * How well a face can be recognised, 0 to 1: what the embedding says of sharpness, light and angle, from the least
 * norm of a face to that of a good one (docs/models.md), lowered in proportion for faces that are narrower than 45 pixels
 * where they were analysed.
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
