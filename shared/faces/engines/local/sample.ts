import type { Raster } from '../../../images/image.ts';
import { type Axis, coveringAxis, samplingAxis } from './axis.ts';
import type { Affine } from './geometry.ts';
import { kernels } from './kernels/kernels.ts';

/** Pixels in the networks' order: all red values, then all green, then all blue; 0 to 255. */
export type Planes = Float32Array<ArrayBuffer>;

/** More samples per side cost time and changed no measured result. */
const MAX_SAMPLES_PER_SIDE = 4;

/** More rows overflow the sums of 16 bits. */
const MAX_EVEN_ROWS = 258;

/** Where resampled pixels go: `left` and `top` inside planes of `width` × `height` that are 0 elsewhere, as `value × scale + shift`. */
export interface Target {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly scale: number;
  readonly shift: number;
}

/**
 * Stretches the whole picture to `width` × `height`. Each pixel is the mean of the area that it covers, so that a large
 * picture loses nothing between samples.
 */
export function resample(
  raster: Raster,
  width: number,
  height: number,
  target: Target = { width, height, left: 0, top: 0, scale: 1, shift: 0 },
): Planes {
  return separable(raster, coveringAxis(raster.width, width), coveringAxis(raster.height, height), target);
}

/** Samples the square of `side` pixels with the top left corner (x, y) to `size` × `size`, as `warp` does. */
export function cropSquare(raster: Raster, x: number, y: number, side: number, size: number): Planes {
  const step = side / size;
  const along = { step, count: size, samples: samplesFor(step) };
  const columns = samplingAxis(raster.width, { ...along, start: x + step / 2 - 0.5 });
  const rows = samplingAxis(raster.height, { ...along, start: y + step / 2 - 0.5 });
  return separable(raster, columns, rows, { width: size, height: size, left: 0, top: 0, scale: 1, shift: 0 });
}

function samplesFor(step: number): number {
  return Math.max(1, Math.min(MAX_SAMPLES_PER_SIDE, Math.round(step)));
}

/** Adds the old rows of each new row, then the columns of the sum. Only the old pixels that are needed are copied. */
function separable(
  { data, width }: Raster,
  columns: Axis,
  rows: Axis,
  { width: toWidth, height: toHeight, left, top, scale, shift }: Target,
): Planes {
  const wasm = kernels();
  const stride = (columns.to - columns.from) * 3;
  const planeFloats = toWidth * toHeight;
  const [band, rowWeights, sum, first, used, weights, planes] = wasm.layOut(
    rows.taps * stride,
    4 * rows.weights.length,
    4 * stride,
    4 * columns.count,
    4 * columns.count,
    4 * columns.weights.length,
    4 * 3 * planeFloats,
  ) as [number, number, number, number, number, number, number];
  const bytes = wasm.bytes();
  wasm.floats(rowWeights, rows.weights.length).set(rows.weights);
  wasm.integers(first, columns.count).set(columns.first.map((at) => 12 * (at - columns.from)));
  wasm.integers(used, columns.count).set(columns.used);
  wasm.floats(weights, columns.weights.length).set(columns.weights.map((weight) => weight * scale));
  wasm.floats(planes, 3 * planeFloats).fill(0);
  for (let y = 0; y < rows.count; y++) {
    const usedRows = rows.used[y]!;
    for (let row = 0; row < usedRows; row++) {
      const from = ((rows.first[y]! + row) * width + columns.from) * 3;
      bytes.set(data.subarray(from, from + stride), band + row * stride);
    }
    const addRows =
      rows.isEven && usedRows > 2 && usedRows <= MAX_EVEN_ROWS ? wasm.addEvenRows : wasm.addRows;
    addRows(band, stride, usedRows, rowWeights + 4 * y * rows.taps, sum, stride);
    const to = planes + 4 * ((top + y) * toWidth + left);
    wasm.addColumns(sum, first, used, weights, columns.taps, shift, to, 4 * planeFloats, columns.count);
  }
  return wasm.floats(planes, 3 * planeFloats).slice();
}

/**
 * Samples a part of the picture to `width` × `height`. `toSource` maps the centre of each pixel to a position in the raster by a
 * rotation, a uniform scale and a shift. Interpolates between pixels, and averages up to 4 × 4 samples per pixel where the
 * picture shrinks. Outside the picture it is black.
 */
export function warp(raster: Raster, toSource: Affine, width: number, height: number): Planes {
  const [a, b, c, d, e, f] = toSource;
  const samples = samplesFor(Math.hypot(a, d));
  const region = regionOf(toSource, width, height);
  const stride = region.width * 3;
  const size = width * height;
  const wasm = kernels();
  const [pixels, planes] = wasm.layOut(region.height * stride, 4 * 3 * size) as [number, number];
  copyRegion(raster, region, wasm.bytes().subarray(pixels, pixels + region.height * stride));
  // The first sample of a pixel is half of what lies between samples away from its corner.
  const offset = 0.5 / samples - 0.5;
  for (let v = 0; v < height; v++) {
    const x = a * offset + b * (v + offset) + c - region.x;
    const y = d * offset + e * (v + offset) + f - region.y;
    const to = planes + 4 * v * width;
    wasm.sampleRow(pixels, stride, x, y, a / samples, d / samples, samples, to, 4 * size, width);
  }
  return wasm.floats(planes, 3 * size).slice();
}

interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Whole pixels around all samples, with a neighbour on each side. */
function regionOf([a, b, c, d, e, f]: Affine, width: number, height: number): Region {
  const corners = [-0.5, width - 0.5].flatMap((u) => [-0.5, height - 0.5].map((v) => [u, v] as const));
  const xs = corners.map(([u, v]) => a * u + b * v + c);
  const ys = corners.map(([u, v]) => d * u + e * v + f);
  const x = Math.floor(Math.min(...xs)) - 1;
  const y = Math.floor(Math.min(...ys)) - 1;
  return { x, y, width: Math.ceil(Math.max(...xs)) + 3 - x, height: Math.ceil(Math.max(...ys)) + 3 - y };
}

/** Black where the region is outside the picture. */
function copyRegion({ data, width, height }: Raster, region: Region, to: Uint8Array): void {
  const left = Math.max(0, region.x);
  const right = Math.min(width, region.x + region.width);
  const isInside = region.x >= 0 && right === region.x + region.width;
  if (!isInside || region.y < 0 || region.y + region.height > height) to.fill(0);
  if (left >= right) return;
  for (let y = Math.max(0, region.y); y < Math.min(height, region.y + region.height); y++) {
    const from = (y * width + left) * 3;
    const at = ((y - region.y) * region.width + left - region.x) * 3;
    to.set(data.subarray(from, from + (right - left) * 3), at);
  }
}
