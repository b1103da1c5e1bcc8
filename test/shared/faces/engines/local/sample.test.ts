import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cropSquare, resample, warp } from '../../../../../shared/faces/engines/local/sample.ts';
import type { Raster } from '../../../../../shared/images/image.ts';
import { noise } from '../../../images/pictures.ts';
import * as plain from './plain-sample.ts';

/** A raster whose red is `red(x, y)`, green twice and blue three times that. */
function paint(width: number, height: number, red: (x: number, y: number) => number): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++)
        data[(y * width + x) * 3 + channel] = red(x, y) * (channel + 1);
    }
  }
  return { data, width, height };
}

const ramp = paint(4, 2, (x, y) => 10 * y + x);

describe('resample', () => {
  test('a new pixel is the mean of the pixels that it covers', () => {
    expect([...resample(ramp, 2, 1)]).toEqual([5.5, 7.5, 11, 15, 16.5, 22.5]);
  });

  test('a pixel that two new ones share counts partly for each', () => {
    const planes = resample(
      paint(3, 1, (x) => 30 * x),
      2,
      1,
    );

    // (0 + 30 / 2) / 1.5 and (30 / 2 + 60) / 1.5
    expect(planes[0]).toBeCloseTo(10, 4);
    expect(planes[1]).toBeCloseTo(50, 4);
  });

  test('enlarging repeats pixels', () => {
    expect([
      ...resample(
        paint(2, 1, (x) => 40 * (x + 1)),
        4,
        2,
      ).subarray(0, 8),
    ]).toEqual([40, 40, 80, 80, 40, 40, 80, 80]);
  });

  test('resampling keeps the mean of every picture at every size', () => {
    const side = fc.integer({ min: 1, max: 17 });
    fc.assert(
      fc.property(side, side, side, side, fc.nat(80), (width, height, toWidth, toHeight, seed) => {
        const raster = paint(width, height, (x, y) => (x * 31 + y * 17 + seed) % 85);

        const planes = resample(raster, toWidth, toHeight);

        const mean = (values: Iterable<number>, count: number) =>
          [...values].reduce((a, b) => a + b, 0) / count;
        expect(mean(planes, planes.length)).toBeCloseTo(mean(raster.data, raster.data.length), 2);
      }),
    );
  });
});

describe('warp', () => {
  test('the identity returns the raster', () => {
    const planes = warp(ramp, [1, 0, 0, 0, 1, 0], 4, 2);

    expect([...planes.subarray(0, 8)]).toEqual([0, 1, 2, 3, 10, 11, 12, 13]);
    expect([...planes.subarray(16)]).toEqual([0, 3, 6, 9, 30, 33, 36, 39]);
  });

  test('warp interpolates between four pixels', () => {
    expect(warp(ramp, [1, 0, 1.5, 0, 1, 0.25], 1, 1)[0]).toBeCloseTo(4, 5);
  });

  test('warp rotates', () => {
    // A quarter turn: column u of the result is row u of the source, from its right end.
    expect([...warp(ramp, [0, -1, 3, 1, 0, 0], 2, 4).subarray(0, 8)]).toEqual([3, 13, 2, 12, 1, 11, 0, 10]);
  });

  test('warp is black outside the picture and fades over the last pixel', () => {
    const white = paint(2, 2, () => 80);

    expect([...warp(white, [1, 0, -1.5, 0, 1, 0], 5, 1).subarray(0, 5)]).toEqual([0, 40, 80, 40, 0]);
    expect([...warp(white, [1, 0, 0, 0, 1, 5], 2, 2)]).toEqual(Array(12).fill(0));
  });

  test('warp averages samples where the picture shrinks', () => {
    const stripes = paint(64, 64, (x) => (x % 2) * 80);

    const planes = cropSquare(stripes, 8, 8, 32, 8);

    for (const value of planes.subarray(0, 64)) expect(value).toBeCloseTo(40, 5);
  });
});

describe('cropSquare', () => {
  test('cropSquare cuts whole pixels exactly', () => {
    const raster = paint(10, 10, (x, y) => 8 * y + x);

    expect([...cropSquare(raster, 3, 5, 2, 2).subarray(0, 4)]).toEqual([43, 44, 51, 52]);
  });
});

describe('the kernels', () => {
  const side = fc.integer({ min: 2, max: 60 });
  const rasters = fc
    .record({ width: side, height: side, seed: fc.nat() })
    .map(({ width, height, seed }) => noise(width, height, seed));
  const to = fc.integer({ min: 1, max: 40 });

  /** By default, to one millionth of the range. */
  const expectEqual = (planes: Float32Array, expected: Float32Array, tolerance = 255e-6) => {
    expect(planes).toHaveLength(expected.length);
    const worst = planes.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
    expect(worst).toBeLessThan(tolerance);
  };

  test('resample agrees with the plain code', () => {
    fc.assert(
      fc.property(rasters, to, to, (raster, width, height) => {
        expectEqual(resample(raster, width, height), plain.resample(raster, width, height));
      }),
    );
  });

  test('resample places, scales and shifts', () => {
    fc.assert(
      fc.property(rasters, to, to, fc.nat(5), fc.nat(5), (raster, width, height, left, top) => {
        const size = { width: width + left + 3, height: height + top + 2 };

        const planes = resample(raster, width, height, {
          ...size,
          left,
          top,
          scale: 1 / 128,
          shift: -127 / 128,
        });

        const small = plain.resample(raster, width, height);
        const expected = new Float32Array(3 * size.width * size.height);
        for (let plane = 0; plane < 3; plane++) {
          for (let i = 0; i < width * height; i++) {
            const at = (plane * size.height + top + Math.floor(i / width)) * size.width + left + (i % width);
            expected[at] = (small[plane * width * height + i]! - 127) / 128;
          }
        }
        expectEqual(planes, expected);
      }),
    );
  });

  test('cropSquare agrees with the plain code, inside the picture and beyond its border', () => {
    const position = fc.double({ min: -80, max: 80, noNaN: true });
    const extent = fc.double({ min: 1, max: 120, noNaN: true });
    fc.assert(
      fc.property(rasters, position, position, extent, to, (raster, x, y, length, size) => {
        expectEqual(cropSquare(raster, x, y, length, size), plain.cropSquare(raster, x, y, length, size));
      }),
    );
  });

  test('warp agrees with the plain code for every turn, scale and place', () => {
    const position = fc.double({ min: -60, max: 60, noNaN: true });
    const scale = fc.double({ min: 0.1, max: 8, noNaN: true });
    const angle = fc.double({ min: -4, max: 4, noNaN: true });
    fc.assert(
      fc.property(rasters, position, position, scale, angle, to, (raster, x, y, length, turn, size) => {
        const [cos, sin] = [length * Math.cos(turn), length * Math.sin(turn)];
        const affine = [cos, -sin, x, sin, cos, y] as const;

        // Weights have 14 bits.
        expectEqual(warp(raster, affine, size, size), plain.warp(raster, affine, size, size), 255 / 2 ** 13);
      }),
    );
  });
});
