import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toUpright } from '../../../../../shared/faces/engines/local/upright.ts';
import type { UprightImage } from '../../../../../shared/images/image.ts';

const image = (width: number, height: number, rasterWidth: number, rasterHeight: number): UprightImage => ({
  width,
  height,
  format: 'jpeg',
  raster: { data: new Uint8Array(), width: rasterWidth, height: rasterHeight },
});

test('boxes and points are scaled to the upright image', () => {
  const upright = toUpright(image(4000, 3000, 1000, 750));

  expect(upright.box({ x: 10, y: 20, width: 30, height: 40 })).toEqual({
    x: 40,
    y: 80,
    width: 120,
    height: 160,
  });
  expect(upright.point({ x: -1, y: 7 })).toEqual({ x: -4, y: 28 });
});

test('every box is clamped to the image', () => {
  const side = fc.integer({ min: 1, max: 5000 });
  const place = fc.double({ min: -6000, max: 6000, noNaN: true });
  fc.assert(
    fc.property(
      side,
      side,
      side,
      side,
      place,
      place,
      side,
      side,
      (width, height, w, h, x, y, boxWidth, boxHeight) => {
        const box = toUpright(image(width, height, w, h)).box({ x, y, width: boxWidth, height: boxHeight });

        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.y).toBeGreaterThanOrEqual(0);
        expect(box.width).toBeGreaterThanOrEqual(0);
        expect(box.height).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(width);
        expect(box.y + box.height).toBeLessThanOrEqual(height);
      },
    ),
  );
});
