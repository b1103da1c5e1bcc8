// Resampling without SIMD, pixel by pixel: what the kernels must agree with.
import type { Affine } from '../../../../../shared/faces/engines/local/geometry.ts';
import type { Raster } from '../../../../../shared/images/image.ts';

/** Pixels in the networks' order: all red values, then all green, then all blue; 0 to 255. */
type Planes = Float32Array<ArrayBuffer>;

/** More samples per side cost time and changed no measured result. */
const MAX_SAMPLES_PER_SIDE = 4;

/**
 * Stretches the whole picture to `width` × `height`. Each pixel is the mean of the area that it covers, so that a large
 * picture loses nothing between samples.
 */
export function resample(raster: Raster, width: number, height: number): Planes {
  const planes = new Float32Array(3 * width * height);
  const size = width * height;
  const columns = coverage(raster.width, width);
  const rows = coverage(raster.height, height);
  const { data } = raster;
  for (let y = 0; y < height; y++) {
    for (let sourceY = rows.first[y]!; sourceY <= rows.last[y]!; sourceY++) {
      const rowWeight = rows.weight(y, sourceY);
      const row = sourceY * raster.width * 3;
      for (let x = 0, at = y * width; x < width; x++, at++) {
        let from = row + columns.first[x]! * 3;
        const last = row + columns.last[x]! * 3;
        const firstWeight = columns.firstWeight[x]!;
        const lastWeight = columns.lastWeight[x]!;
        let red = data[from]! * firstWeight + data[last]! * lastWeight;
        let green = data[from + 1]! * firstWeight + data[last + 1]! * lastWeight;
        let blue = data[from + 2]! * firstWeight + data[last + 2]! * lastWeight;
        for (from += 3; from < last; from += 3) {
          red += data[from]!;
          green += data[from + 1]!;
          blue += data[from + 2]!;
        }
        planes[at]! += red * rowWeight;
        planes[at + size]! += green * rowWeight;
        planes[at + 2 * size]! += blue * rowWeight;
      }
    }
  }
  const covered = (raster.width / width) * (raster.height / height);
  for (let i = 0; i < planes.length; i++) planes[i]! /= covered;
  return planes;
}

/** For each of `count` equal parts of `length`: the source pixels it covers, and the shares of the first and last. */
function coverage(length: number, count: number) {
  const first = new Int32Array(count);
  const last = new Int32Array(count);
  const firstWeight = new Float64Array(count);
  const lastWeight = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const start = (i * length) / count;
    const end = ((i + 1) * length) / count;
    first[i] = Math.floor(start);
    last[i] = Math.min(length, Math.ceil(end)) - 1;
    const single = first[i] === last[i];
    firstWeight[i] = single ? end - start : first[i]! + 1 - start;
    lastWeight[i] = single ? 0 : end - last[i]!;
  }
  const weight = (part: number, source: number): number => {
    if (source === first[part]) return firstWeight[part]!;
    return source === last[part] ? lastWeight[part]! : 1;
  };
  return { first, last, firstWeight, lastWeight, weight };
}

/**
 * Samples a part of the picture to `width` × `height`. `toSource` maps the centre of each pixel to a position in the
 * raster. Interpolates between pixels, and averages up to 4 × 4 samples per pixel where the picture shrinks. Outside
 * the picture it is black.
 */
export function warp(raster: Raster, toSource: Affine, width: number, height: number): Planes {
  const { data } = raster;
  const stride = raster.width * 3;
  const lastLeft = raster.width - 2;
  const lastTop = raster.height - 2;
  const [a, b, c, d, e, f] = toSource;
  const samples = Math.max(1, Math.min(MAX_SAMPLES_PER_SIDE, Math.round(Math.hypot(a, d))));
  const share = 1 / (samples * samples);
  const size = width * height;
  const planes = new Float32Array(3 * size);
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let j = 0; j < samples; j++) {
        const subV = v + (j + 0.5) / samples - 0.5;
        for (let i = 0; i < samples; i++) {
          const subU = u + (i + 0.5) / samples - 0.5;
          const x = a * subU + b * subV + c;
          const y = d * subU + e * subV + f;
          const left = Math.floor(x);
          const top = Math.floor(y);
          if (left < 0 || top < 0 || left > lastLeft || top > lastTop) {
            const edge = sampleAtEdge(raster, x, y);
            red += edge[0];
            green += edge[1];
            blue += edge[2];
            continue;
          }
          const right = x - left;
          const down = y - top;
          const w00 = (1 - right) * (1 - down);
          const w10 = right * (1 - down);
          const w01 = (1 - right) * down;
          const w11 = right * down;
          const p = top * stride + left * 3;
          const q = p + stride;
          red += data[p]! * w00 + data[p + 3]! * w10 + data[q]! * w01 + data[q + 3]! * w11;
          green += data[p + 1]! * w00 + data[p + 4]! * w10 + data[q + 1]! * w01 + data[q + 4]! * w11;
          blue += data[p + 2]! * w00 + data[p + 5]! * w10 + data[q + 2]! * w01 + data[q + 5]! * w11;
        }
      }
      const at = v * width + u;
      planes[at] = red * share;
      planes[at + size] = green * share;
      planes[at + 2 * size] = blue * share;
    }
  }
  return planes;
}

/** Samples the square of `side` pixels with the top left corner (x, y) to `size` × `size`. */
export function cropSquare(raster: Raster, x: number, y: number, side: number, size: number): Planes {
  const step = side / size;
  return warp(raster, [step, 0, x + step / 2 - 0.5, 0, step, y + step / 2 - 0.5], size, size);
}

const BLACK = [0, 0, 0] as const;

/** Interpolates where some of the four neighbours are outside the picture and count as black. */
function sampleAtEdge(raster: Raster, x: number, y: number): readonly [number, number, number] {
  if (x <= -1 || y <= -1 || x >= raster.width || y >= raster.height) return BLACK;
  const color: [number, number, number] = [0, 0, 0];
  for (const row of [Math.floor(y), Math.floor(y) + 1]) {
    for (const column of [Math.floor(x), Math.floor(x) + 1]) {
      if (column < 0 || row < 0 || column >= raster.width || row >= raster.height) continue;
      const weight = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
      const at = (row * raster.width + column) * 3;
      color[0] += raster.data[at]! * weight;
      color[1] += raster.data[at + 1]! * weight;
      color[2] += raster.data[at + 2]! * weight;
    }
  }
  return color;
}
