import type { Box } from '../../face.ts';

/**
 * UltraFace's priors: squares of these sides, in input pixels, at each cell of four feature maps. Source:
 * github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB, `vision/ssd/config/fd_config.py`.
 */
const FEATURE_MAPS = [
  { stride: 8, sides: [10, 16, 24] },
  { stride: 16, sides: [32, 48] },
  { stride: 32, sides: [64, 96] },
  { stride: 64, sides: [128, 192, 256] },
] as const;
const CENTER_VARIANCE = 0.1;
const SIZE_VARIANCE = 0.2;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Centre x, centre y, width and height per prior, as fractions of the input, in the network's order. */
export function makePriors({ width, height }: Size): Float32Array {
  const priors: number[] = [];
  for (const { stride, sides } of FEATURE_MAPS) {
    const rows = Math.ceil(height / stride);
    const columns = Math.ceil(width / stride);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const x = (column + 0.5) / columns;
        const y = (row + 0.5) / rows;
        for (const side of sides) priors.push(x, y, side / width, side / height);
      }
    }
  }
  return Float32Array.from(priors, (value) => Math.min(1, value));
}

/** The box of prior `index`, moved and resized by the network's output, in fractions of the input. */
export function decodeBox(priors: Float32Array, regressions: Float32Array, index: number): Box {
  const at = index * 4;
  const priorWidth = priors[at + 2]!;
  const priorHeight = priors[at + 3]!;
  const width = priorWidth * Math.exp(regressions[at + 2]! * SIZE_VARIANCE);
  const height = priorHeight * Math.exp(regressions[at + 3]! * SIZE_VARIANCE);
  const x = priors[at]! + regressions[at]! * CENTER_VARIANCE * priorWidth;
  const y = priors[at + 1]! + regressions[at + 1]! * CENTER_VARIANCE * priorHeight;
  return { x: x - width / 2, y: y - height / 2, width, height };
}
