import { encodeJpeg } from './encode.ts';
import { clamp, coveringPixels, inflate, type Rect, toRaster } from './geometry.ts';
import type { Raster, UprightImage } from './image.ts';

interface RedactOptions {
  /** JPEG quality, 1 to 100. @default 85 */
  readonly quality: number;
}

const DEFAULT_REDACT_OPTIONS: RedactOptions = { quality: 85 };

/** Fraction of the box to add on each side: a box ends at chin and brow, but hair and ears identify a person too. */
const MARGIN = 0.15;

/** Mean colours kept per side of a face, whatever the size of the picture: too few to recognise anyone. */
const CELLS = 6;

/** Smallest cell, in pixels: a tiny face has fewer cells, so that no cell is a pixel of the original. */
const MIN_CELL = 4;

/**
 * Makes the faces of a picture unrecognisable, in place. Returns a JPEG; boxes are in pixels of the upright image.
 *
 * Only the mean colours of at most 6 × 6 cells remain of each face, blended smoothly so that the picture stays
 * pleasant to look at. The JPEG is encoded from these pixels alone: no embedded thumbnail can contain the original.
 */
export function redactImage(
  image: UprightImage,
  boxes: readonly Rect[],
  options = DEFAULT_REDACT_OPTIONS,
): Promise<Buffer> {
  for (const box of boxes) redactBox(image.raster, toRaster(box, image));
  return encodeJpeg(image.raster, options);
}

/** Redacts one box in place. The box is in pixels of the raster. */
export function redactBox(raster: Raster, box: Rect): void {
  const outline = inflate(box, box.width * MARGIN, box.height * MARGIN);
  const region = coveringPixels(outline, raster);
  const columns = clamp(Math.floor(region.width / MIN_CELL), 1, CELLS);
  const rows = clamp(Math.floor(region.height / MIN_CELL), 1, CELLS);
  const means = cellMeans(raster, region, columns, rows);
  for (let y = region.y; y < region.y + region.height; y++) {
    const colours = blendRows(means, columns, rows, ((y - region.y + 0.5) / region.height) * rows - 0.5);
    const inset = cornerInset(y + 0.5 - outline.y, outline);
    const from = Math.max(region.x, Math.floor(outline.x + inset));
    const to = Math.min(region.x + region.width, Math.ceil(outline.x + outline.width - inset));
    let at = (y * raster.width + from) * 3;
    for (let x = from; x < to; x++) {
      const position = clamp(((x - region.x + 0.5) / region.width) * columns - 0.5, 0, columns - 1);
      const column = Math.floor(position);
      const share = position - column;
      const left = column * 3;
      const right = Math.min(left + 3, (columns - 1) * 3);
      raster.data[at++] = colours[left]! * (1 - share) + colours[right]! * share + 0.5;
      raster.data[at++] = colours[left + 1]! * (1 - share) + colours[right + 1]! * share + 0.5;
      raster.data[at++] = colours[left + 2]! * (1 - share) + colours[right + 2]! * share + 0.5;
    }
  }
}

/**
 * How many pixels the rounded corners cut off at both ends of a row; `y` counts from the top of the outline. The
 * radius is three margins, so the arc passes outside the corner of the face's box and the whole box is replaced.
 */
function cornerInset(y: number, outline: Rect): number {
  const radius = (3 * MARGIN * Math.min(outline.width, outline.height)) / (1 + 2 * MARGIN);
  const intoCorner = radius - Math.min(y, outline.height - y);
  if (intoCorner <= 0) return 0;
  return radius - Math.sqrt(Math.max(0, radius ** 2 - intoCorner ** 2));
}

function cellMeans(raster: Raster, region: Rect, columns: number, rows: number): Float64Array {
  const sums = new Float64Array(columns * rows * 3);
  const counts = new Float64Array(columns * rows);
  for (let y = 0; y < region.height; y++) {
    const row = Math.floor((y * rows) / region.height);
    let at = ((region.y + y) * raster.width + region.x) * 3;
    for (let x = 0; x < region.width; x++) {
      const cell = row * columns + Math.floor((x * columns) / region.width);
      counts[cell]! += 1;
      sums[cell * 3]! += raster.data[at++]!;
      sums[cell * 3 + 1]! += raster.data[at++]!;
      sums[cell * 3 + 2]! += raster.data[at++]!;
    }
  }
  return sums.map((sum, index) => sum / counts[Math.floor(index / 3)]!);
}

/** Colours per column of cells at height `y`, interpolated between two rows of cells. */
function blendRows(means: Float64Array, columns: number, rows: number, y: number): Float64Array {
  const position = clamp(y, 0, rows - 1);
  const upper = Math.floor(position) * columns * 3;
  const lower = Math.min(upper + columns * 3, (rows - 1) * columns * 3);
  const colours = means.slice(upper, upper + columns * 3);
  return colours.map((colour, index) => colour + (means[lower + index]! - colour) * (position % 1));
}
