import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  coveringPixels,
  cut,
  inflate,
  moveInside,
  sharedArea,
  toRaster,
} from '../../../shared/images/geometry.ts';
import { noise, pixelAt, upright } from './pictures.ts';

const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
const extent = fc.double({ min: 0, max: 800, noNaN: true });
const rect = fc.record({ x: coordinate, y: coordinate, width: extent, height: extent });
const size = fc.record({ width: fc.integer({ min: 1, max: 300 }), height: fc.integer({ min: 1, max: 300 }) });

it('scales boxes to the raster', () => {
  const image = { ...upright(noise(10, 10)), width: 40, height: 20 };

  const scaled = toRaster({ x: 8, y: 6, width: 12, height: 4 }, image);

  expect(scaled).toEqual({ x: 2, y: 3, width: 3, height: 2 });
});

it('grows a rectangle on all sides', () => {
  expect(inflate({ x: 10, y: 20, width: 4, height: 6 }, 1, 2)).toEqual({ x: 9, y: 18, width: 6, height: 10 });
});

it('covers a rectangle with whole pixels, cut at the edge', () => {
  const covering = coveringPixels({ x: -2.5, y: 3.2, width: 7, height: 100 }, { width: 20, height: 10 });

  expect(covering).toEqual({ x: 0, y: 3, width: 5, height: 7 });
});

it('always covers at least a pixel inside', () => {
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

it('moves a rectangle by the least that brings it inside', () => {
  const frame = { x: 0, y: 10, width: 100, height: 50 };

  expect(moveInside({ x: -5, y: 0, width: 20, height: 10 }, frame)).toMatchObject({ x: 0, y: 10 });
  expect(moveInside({ x: 95, y: 58, width: 20, height: 10 }, frame)).toMatchObject({ x: 80, y: 50 });
  expect(moveInside({ x: 30, y: 30, width: 20, height: 10 }, frame)).toMatchObject({ x: 30, y: 30 });
  expect(moveInside({ x: 30, y: 30, width: 200, height: 10 }, frame)).toMatchObject({ x: 0, width: 200 });
});

it('measures what two rectangles share', () => {
  const one = { x: 0, y: 0, width: 10, height: 10 };

  expect(sharedArea(one, { x: 7, y: 8, width: 10, height: 10 })).toBe(6);
  expect(sharedArea(one, { x: 10, y: 0, width: 10, height: 10 })).toBe(0);
  expect(sharedArea(one, { x: 20, y: 20, width: 1, height: 1 })).toBe(0);
});

it('cuts pixels out', () => {
  const raster = noise(9, 7);

  const part = cut(raster, { x: 3, y: 2, width: 4, height: 5 });

  expect([part.width, part.height, part.data.length]).toEqual([4, 5, 60]);
  expect(pixelAt(part, 0, 0)).toEqual(pixelAt(raster, 3, 2));
  expect(pixelAt(part, 3, 4)).toEqual(pixelAt(raster, 6, 6));
});
