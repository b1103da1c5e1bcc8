/** The vendor's confidence, 0 to 100, for a cosine of two embeddings. */
type Scale = readonly (readonly [score: number, confidence: number])[];

/**
 * doc: both operations' thresholds for one false accept in 1,000, 10,000 and 100,000.
 * guess: linear interpolation, and that the embedded engine's cosine 0.45 equals the vendor's middle threshold: both
 * accept about one stranger in 10,000.
 */
const SEARCH: Scale = [
  [-1, 0],
  [0.35, 60.48],
  [0.45, 67.87],
  [0.6, 72.62],
  [1, 100],
];
const COMPARE: Scale = [
  [-1, 0],
  [0.35, 61],
  [0.45, 69],
  [0.6, 75],
  [1, 100],
];

export const COMPARE_THRESHOLDS = [61, 69, 75] as const;

export const searchConfidence = (score: number): number => interpolate(SEARCH, score);
export const compareConfidence = (score: number): number => interpolate(COMPARE, score);

function interpolate(scale: Scale, score: number): number {
  for (let i = 1; i < scale.length; i++) {
    const [x0, y0] = scale[i - 1]!;
    const [x1, y1] = scale[i]!;
    if (score <= x1 || i === scale.length - 1) {
      const value = y0 + ((score - x0) / (x1 - x0)) * (y1 - y0);
      return Math.min(100, Math.max(0, value));
    }
  }
  return 0;
}
