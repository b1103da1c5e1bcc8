import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  coveringPixels,
  cut,
  inflate,
  moveInside,
  overlap,
  sharedArea,
  toRaster,
} from '../../../shared/images/geometry.ts';
import { noise, pixelAt, upright } from './pictures.ts';

const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
const extent = fc.double({ min: 0, max: 800, noNaN: true });
const rect = fc.record({ x: coordinate, y: coordinate, width: extent, height: extent });
const size = fc.record({ width: fc.integer({ min: 1, max: 300 }), height: fc.integer({ min: 1, max: 300 }) });

test('toRaster scales a box to the raster', () => {
  const image = { ...upright(noise(10, 10)), width: 40, height: 20 };

  const scaled = toRaster({ x: 8, y: 6, width: 12, height: 4 }, image);

  expect(scaled).toEqual({ x: 2, y: 3, width: 3, height: 2 });
});

test('inflate grows a rectangle on all sides', () => {
  expect(inflate({ x: 10, y: 20, width: 4, height: 6 }, 1, 2)).toEqual({ x: 9, y: 18, width: 6, height: 10 });
});

test('coveringPixels covers a rectangle with whole pixels, clamped to the bounds', () => {
  const covering = coveringPixels({ x: -2.5, y: 3.2, width: 7, height: 100 }, { width: 20, height: 10 });

  expect(covering).toEqual({ x: 0, y: 3, width: 5, height: 7 });
});

test('coveringPixels returns at least one pixel inside the bounds', () => {
  fc.assert(
    fc.property(rect, size, (wanted, bounds) => {
      const { x, y, width, height } = coveringPixels(wanted, bounds);

      expect([x, y, width, height].every(Number.isInteger)).toBe(true);
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(1);
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(x + width).toBeLessThanOrEqual(bounds.width);
      expect(y + height).toBeLessThanOrEqual(bounds.height);
    }),
  );
});

test('moveInside moves a rectangle by the minimum distance', () => {
  const frame = { x: 0, y: 10, width: 100, height: 50 };

  expect(moveInside({ x: -5, y: 0, width: 20, height: 10 }, frame)).toMatchObject({ x: 0, y: 10 });
  expect(moveInside({ x: 95, y: 58, width: 20, height: 10 }, frame)).toMatchObject({ x: 80, y: 50 });
  expect(moveInside({ x: 30, y: 30, width: 20, height: 10 }, frame)).toMatchObject({ x: 30, y: 30 });
  expect(moveInside({ x: 30, y: 30, width: 200, height: 10 }, frame)).toMatchObject({ x: 0, width: 200 });
});

test('sharedArea is the area of the intersection', () => {
  const one = { x: 0, y: 0, width: 10, height: 10 };

  expect(sharedArea(one, { x: 7, y: 8, width: 10, height: 10 })).toBe(6);
  expect(sharedArea(one, { x: 10, y: 0, width: 10, height: 10 })).toBe(0);
  expect(sharedArea(one, { x: 20, y: 20, width: 1, height: 1 })).toBe(0);
});

test('cut copies pixels', () => {
  const raster = noise(9, 7);

  const part = cut(raster, { x: 3, y: 2, width: 4, height: 5 });

  expect([part.width, part.height, part.data.length]).toEqual([4, 5, 60]);
  expect(pixelAt(part, 0, 0)).toEqual(pixelAt(raster, 3, 2));
  expect(pixelAt(part, 3, 4)).toEqual(pixelAt(raster, 6, 6));
});

describe('overlap', () => {
  const box = { x: 0, y: 0, width: 4, height: 4 };

  test('overlap is the area of the intersection divided by the area of the union', () => {
    expect(overlap(box, box)).toBe(1);
    expect(overlap(box, { x: 2, y: 0, width: 4, height: 4 })).toBeCloseTo(1 / 3, 10);
    expect(overlap(box, { x: 1, y: 1, width: 2, height: 2 })).toBe(0.25);
  });

  test('overlap is 0 for boxes that touch or are apart', () => {
    expect(overlap(box, { x: 4, y: 0, width: 4, height: 4 })).toBe(0);
    expect(overlap(box, { x: 9, y: 9, width: 1, height: 1 })).toBe(0);
  });
});
