import type { Rect } from './geometry.ts';
import type { Raster, UprightImage } from './image.ts';

/** Cells per side of a face, so that large and small faces are measured alike. */
const CELLS = 64;

/**
 * Sharpness of a face at the scale that distinguishes faces: the variance of the second derivative divided by the
 * variance of the brightness. A plain surface has 0. Each visible step of blur halves it.
 */
export function sharpnessOf({ width, raster }: Pick<UprightImage, 'width' | 'raster'>, box: Rect): number {
  const scale = raster.width / width;
  const cells = brightness(raster, {
    x: box.x * scale,
    y: box.y * scale,
    width: box.width * scale,
    height: box.height * scale,
  });
  const edges: number[] = [];
  for (let y = 1; y < CELLS - 1; y++) {
    for (let x = 1; x < CELLS - 1; x++) {
      const at = y * CELLS + x;
      edges.push(4 * cells[at]! - cells[at - 1]! - cells[at + 1]! - cells[at - CELLS]! - cells[at + CELLS]!);
    }
  }
  const spread = variance(cells);
  return spread === 0 ? 0 : variance(edges) / spread;
}

/** Mean brightness per cell of the box. */
function brightness({ data, width, height }: Raster, box: Rect): Float64Array {
  const cells = new Float64Array(CELLS * CELLS);
  for (let row = 0; row < CELLS; row++) {
    const [top, bottom] = span(box.y, box.height, row, height);
    for (let column = 0; column < CELLS; column++) {
      const [left, right] = span(box.x, box.width, column, width);
      let sum = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const at = (y * width + x) * 3;
          // Rec. 601: the weights of JPEG's luma.
          sum += 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
        }
      }
      cells[row * CELLS + column] = sum / ((bottom - top) * (right - left));
    }
  }
  return cells;
}

/** First pixel of a cell and the pixel after its last one; at least one pixel, inside the picture. */
function span(from: number, length: number, cell: number, limit: number): [number, number] {
  const first = Math.min(limit - 1, Math.max(0, Math.floor(from + (length * cell) / CELLS)));
  const end = Math.min(limit, Math.floor(from + (length * (cell + 1)) / CELLS));
  return [first, Math.max(first + 1, end)];
}

function variance(values: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    squares += values[i]! * values[i]!;
  }
  const mean = sum / values.length;
  return squares / values.length - mean * mean;
}
