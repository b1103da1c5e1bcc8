import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { Rect } from '../../../shared/images/geometry.ts';
import type { Raster } from '../../../shared/images/image.ts';
import { redactBox, redactImage } from '../../../shared/images/redact.ts';
import { blank, difference, noise, pixelAt, pixelsOf, upright } from './pictures.ts';

function copyOf(raster: Raster): Raster {
  return { ...raster, data: new Uint8Array(raster.data) };
}

/** A grey raster with one value where `face` is true and another value elsewhere. */
function mask(width: number, height: number, inside: (x: number, y: number) => boolean): Raster {
  const raster = blank(width, height, [0, 0, 0]);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      if (inside(x, y)) raster.data.fill(255, (y * width + x) * 3, (y * width + x + 1) * 3);
  }
  return raster;
}

test('redaction changes every pixel of the box, wherever the box is', () => {
  const position = fc.integer({ min: -40, max: 110 });
  const extent = fc.oneof(fc.integer({ min: 4, max: 12 }), fc.integer({ min: 4, max: 120 }));

  fc.assert(
    fc.property(position, position, extent, extent, (x, y, width, height) => {
      // A checkerboard of black and white: every cell's mean is far from both.
      const raster = mask(120, 110, (column, row) => (column + row) % 2 === 0);
      fc.pre(x + width > 8 && y + height > 8 && x < 112 && y < 102);

      redactBox(raster, { x, y, width, height });

      for (let row = Math.max(0, y); row < Math.min(110, y + height); row++) {
        for (let column = Math.max(0, x); column < Math.min(120, x + width); column++) {
          expect(pixelAt(raster, column, row)[0] % 255, `${column},${row}`).not.toBe(0);
        }
      }
    }),
  );
});

test('redaction changes every pixel of the smallest face', () => {
  const raster = mask(40, 40, (column, row) => (column + row) % 2 === 0);

  redactBox(raster, { x: 20, y: 20, width: 4, height: 4 });

  for (let y = 20; y < 24; y++) {
    for (let x = 20; x < 24; x++) expect(difference(pixelAt(raster, x, y), [127, 127, 127])).toBeLessThan(32);
  }
});

test('redaction changes nothing outside the margin', () => {
  const raster = noise(200, 200);
  const before = copyOf(raster);

  redactBox(raster, { x: 60, y: 60, width: 80, height: 60 });

  for (let y = 0; y < 200; y++) {
    for (let x = 0; x < 200; x++) {
      if (x >= 48 && x < 152 && y >= 51 && y < 129) continue;
      expect(pixelAt(raster, x, y)).toEqual(pixelAt(before, x, y));
    }
  }
});

test('redaction keeps only the means of 36 cells: pictures with equal means become equal', () => {
  const box: Rect = { x: 0, y: 0, width: 60, height: 60 };
  // Cells of 10 by 10 pixels: the same share of white in each, in a different arrangement.
  const stripes = mask(60, 60, (x) => x % 10 < 5);
  const bars = mask(60, 60, (_, y) => y % 10 >= 5);

  redactBox(stripes, box);
  redactBox(bars, box);

  expect(Buffer.compare(Buffer.from(stripes.data), Buffer.from(bars.data))).toBe(0);
});

test('redaction keeps as little of a face in a large picture as in a small one', () => {
  const seen = (scale: number) => {
    const raster = mask(60 * scale, 60 * scale, (x) => Math.floor(x / (10 * scale)) % 2 === 0);
    redactBox(raster, { x: 0, y: 0, width: 60 * scale, height: 60 * scale });
    return [5, 25, 45].map((x) => pixelAt(raster, x * scale, 30 * scale)[0]);
  };

  seen(8).forEach((value, index) => {
    expect(Math.abs(value - seen(1)[index]!)).toBeLessThan(20);
  });
});

test('redaction blends smoothly, without edges', () => {
  const raster = noise(300, 300);

  redactBox(raster, { x: 50, y: 50, width: 200, height: 200 });

  for (let x = 51; x < 250; x++) {
    expect(difference(pixelAt(raster, x, 150), pixelAt(raster, x - 1, 150))).toBeLessThanOrEqual(10);
  }
});

test('a redacted JPEG has no metadata', async () => {
  const image = upright(noise(160, 120), 0.5);

  const file = await redactImage(image, [
    { x: 40, y: 40, width: 80, height: 80 },
    { x: 200, y: 100, width: 60, height: 60 },
  ]);

  const { format, width, height, exif, icc } = await sharp(file).metadata();
  expect({ format, width, height, exif, icc }).toMatchObject({ format: 'jpeg', width: 160, height: 120 });
  expect([exif, icc]).toEqual([undefined, undefined]);
  const pixels = await pixelsOf(file);
  for (const [x, y] of [[40, 40] as const, [115, 65] as const]) {
    // Noise averages to grey.
    expect(difference(pixelAt(pixels, x, y), [127, 127, 127])).toBeLessThan(25);
  }
});
