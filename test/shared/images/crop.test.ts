import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { cropFace, cropRegion, DEFAULT_CROP_OPTIONS } from '../../../shared/images/crop.ts';
import { DEFAULT_IMAGE_BOUNDS } from '../../../shared/images/image.ts';
import { decodeImage } from '../../support/decode-image.ts';
import { blank, photo, upright } from './pictures.ts';

const LARGE = { width: 1000, height: 800 };

test('a crop is padded by a fraction of the box', () => {
  const region = cropRegion({ x: 400, y: 300, width: 100, height: 120 }, LARGE, {
    padding: 0.25,
    minSide: 1,
  });

  expect(region).toEqual({ x: 375, y: 270, width: 150, height: 180 });
});

test('a crop ends at the edge of the picture', () => {
  const region = cropRegion({ x: 0, y: 700, width: 100, height: 100 }, LARGE, { padding: 0.5, minSide: 1 });

  expect(region).toEqual({ x: 0, y: 650, width: 150, height: 150 });
});

test('the crop of a small face is extended, and moved inside at the edge', () => {
  const middle = cropRegion({ x: 500, y: 400, width: 10, height: 10 }, LARGE, { padding: 0, minSide: 64 });
  const corner = cropRegion({ x: 0, y: 0, width: 10, height: 10 }, LARGE, { padding: 0, minSide: 64 });

  expect(middle).toEqual({ x: 473, y: 373, width: 64, height: 64 });
  expect(corner).toEqual({ x: 0, y: 0, width: 64, height: 64 });
});

test('a crop is inside the picture, contains the box and has the requested size', () => {
  const number = fc.double({ min: -300, max: 600, noNaN: true });
  const extent = fc.double({ min: 0.1, max: 500, noNaN: true });
  const size = fc.record({
    width: fc.integer({ min: 1, max: 400 }),
    height: fc.integer({ min: 1, max: 400 }),
  });
  const padding = fc.double({ min: 0, max: 2, noNaN: true });

  fc.assert(
    fc.property(number, number, extent, extent, size, padding, (x, y, width, height, raster, fraction) => {
      const region = cropRegion({ x, y, width, height }, raster, { padding: fraction, minSide: 40 });

      expect(Object.values(region).every(Number.isInteger)).toBe(true);
      expect(Math.min(region.x, region.y)).toBeGreaterThanOrEqual(0);
      expect(region.x + region.width).toBeLessThanOrEqual(raster.width);
      expect(region.y + region.height).toBeLessThanOrEqual(raster.height);
      expect(region.width).toBeGreaterThanOrEqual(Math.min(40, raster.width));
      expect(region.height).toBeGreaterThanOrEqual(Math.min(40, raster.height));
      if (x + width > 0 && x < raster.width) {
        expect(region.x).toBeLessThanOrEqual(Math.max(0, x));
        expect(region.x + region.width).toBeGreaterThanOrEqual(Math.min(raster.width, x + width) - 1e-9);
      }
    }),
  );
});

test('the requested face is encoded as JPEG', async () => {
  const image = await decodeImage(photo(), { ...DEFAULT_IMAGE_BOUNDS, rasterSide: 960 });
  const box = { x: 676, y: 56, width: 190, height: 260 };

  const crop = await cropFace(image, box);

  const { format, width, height, exif } = await sharp(crop).metadata();
  expect({ format, width, height, exif }).toEqual({
    format: 'jpeg',
    width: 143,
    height: 191,
    exif: undefined,
  });
  const part = await sharp(photo()).extract({ left: 628, top: 0, width: 286, height: 382 }).png().toBuffer();
  const expected = await sharp(part).stats();
  const found = await sharp(crop).stats();
  found.channels.forEach((channel, index) => {
    expect(Math.abs(channel.mean - expected.channels[index]!.mean)).toBeLessThan(6);
  });
});

test('a large crop is scaled down', async () => {
  const image = upright(blank(1200, 900));

  const crop = await cropFace(
    image,
    { x: 0, y: 0, width: 1200, height: 900 },
    { ...DEFAULT_CROP_OPTIONS, maxSide: 300 },
  );

  const { width, height } = await sharp(crop).metadata();
  expect([width, height]).toEqual([300, 225]);
});
