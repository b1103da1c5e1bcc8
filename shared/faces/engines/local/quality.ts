/**
 * Norms of embeddings: false detections end at about 2.3, and portraits begin at 2.8 with a median of 3.8
 * (302 portraits; docs/models.md).
 */
const WORST_NORM = 1.8;
const BEST_NORM = 3.8;
/** Narrower faces cannot be told apart: within one photo 7 % of strangers passed as one person. */
const FULL_WIDTH = 45;

/**
 * How well a face can be recognised, 0 to 1: what the embedding says of sharpness, light and angle, lowered in
 * proportion for faces that are narrower than 45 pixels where they were analysed.
 */
export function faceQuality(norm: number, width: number): number {
  const content = (norm - WORST_NORM) / (BEST_NORM - WORST_NORM);
  return clamp(content) * clamp(width / FULL_WIDTH);
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
