import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawStrokes, fillRect, strokeRect } from '../../../shared/images/draw.ts';
import type { Raster } from '../../../shared/images/image.ts';
import { blank, type Pixel, pixelAt } from './pictures.ts';

const INK = { colour: [200, 100, 0], opacity: 1 } as const;
const BLACK: Pixel = [0, 0, 0];

/** Amount of paint on a black raster, in pixels. */
function painted(raster: Raster): number {
  let sum = 0;
  for (let at = 0; at < raster.data.length; at += 3) sum += raster.data[at]! / INK.colour[0];
  return sum;
}

test('fillRect fills whole pixels with the colour and nothing else', () => {
  const raster = blank(20, 20, BLACK);

  fillRect(raster, { x: 5, y: 6, width: 4, height: 3 }, 0, INK);

  expect(pixelAt(raster, 5, 6)).toEqual([200, 100, 0]);
  expect(pixelAt(raster, 8, 8)).toEqual([200, 100, 0]);
  expect(painted(raster)).toBe(12);
});

test('a pixel is painted in proportion to its coverage', () => {
  const raster = blank(20, 20, BLACK);

  fillRect(raster, { x: 5.25, y: 6, width: 6, height: 3.5 }, 0, INK);

  expect([5, 6, 10, 11].map((x) => pixelAt(raster, x, 7)[0])).toEqual([150, 200, 200, 50]);
  expect(pixelAt(raster, 8, 9)[0]).toBe(100);
});

test('ink is mixed with the colour below', () => {
  const raster = blank(4, 4, [100, 100, 100]);

  fillRect(raster, { x: 0, y: 0, width: 4, height: 4 }, 0, { colour: [200, 0, 100], opacity: 0.5 });

  expect(pixelAt(raster, 2, 2)).toEqual([150, 50, 100]);
});

test('the covered area of a rounded rectangle is right', () => {
  const raster = blank(80, 80, BLACK);

  fillRect(raster, { x: 10.3, y: 10.7, width: 50, height: 40 }, 12, INK);

  expect(painted(raster)).toBeCloseTo(50 * 40 - (4 - Math.PI) * 12 ** 2, -1);
  expect(pixelAt(raster, 11, 11)).toEqual(BLACK);
});

test('an outline has the requested width and is hollow', () => {
  const raster = blank(100, 100, BLACK);

  strokeRect(raster, { x: 20, y: 20, width: 60, height: 50 }, 0, 4, INK);

  expect(pixelAt(raster, 50, 19)).toEqual([200, 100, 0]);
  expect(pixelAt(raster, 19, 40)).toEqual([200, 100, 0]);
  expect(pixelAt(raster, 81, 40)).toEqual([200, 100, 0]);
  expect(pixelAt(raster, 50, 45)).toEqual(BLACK);
  expect(painted(raster)).toBeCloseTo(2 * (60 + 50) * 4, -1);
});

test('a line has round ends', () => {
  const raster = blank(60, 30, BLACK);

  drawStrokes(raster, [{ x1: 10, y1: 15, x2: 40, y2: 15 }], 6, INK);

  expect(painted(raster)).toBeCloseTo(30 * 6 + Math.PI * 9, 0);
});

test('a stroke of length 0 is a dot', () => {
  const raster = blank(30, 30, BLACK);

  drawStrokes(raster, [{ x1: 15, y1: 15, x2: 15, y2: 15 }], 8, INK);

  expect(painted(raster)).toBeCloseTo(Math.PI * 16, 0);
});

test('crossing strokes are painted once', () => {
  const ink = { ...INK, opacity: 0.5 };
  const raster = blank(40, 40, BLACK);

  drawStrokes(
    raster,
    [
      { x1: 5, y1: 20, x2: 35, y2: 20 },
      { x1: 20, y1: 5, x2: 20, y2: 35 },
    ],
    4,
    ink,
  );

  expect(pixelAt(raster, 20, 20)).toEqual([100, 50, 0]);
});

test('no strokes draw nothing', () => {
  const raster = blank(10, 10, BLACK);

  drawStrokes(raster, [], 4, INK);

  expect(painted(raster)).toBe(0);
});

test('a shape is drawn as far as it is inside the picture', () => {
  const number = fc.integer({ min: -60, max: 90 });
  const extent = fc.integer({ min: 1, max: 120 });

  fc.assert(
    fc.property(
      number,
      number,
      extent,
      extent,
      fc.integer({ min: 1, max: 9 }),
      (x, y, width, height, line) => {
        const window = blank(40, 30, BLACK);
        const world = blank(320, 320, BLACK);
        const shapes = (raster: Raster, dx: number, dy: number) => {
          strokeRect(raster, { x: x + dx, y: y + dy, width, height }, Math.min(width, height) / 4, line, INK);
          fillRect(raster, { x: x + dx, y: y + dy, width, height }, Math.min(width, height) / 4, {
            ...INK,
            opacity: 0.3,
          });
          drawStrokes(
            raster,
            [{ x1: x + dx, y1: y + dy, x2: x + width + dx, y2: y + height + dy }],
            line,
            INK,
          );
        };

        shapes(window, 0, 0);
        shapes(world, 100, 100);

        for (let row = 0; row < 30; row++) {
          const expected = world.data.subarray(((row + 100) * 320 + 100) * 3, ((row + 100) * 320 + 140) * 3);
          const found = window.data.subarray(row * 40 * 3, (row + 1) * 40 * 3);
          expect(Buffer.compare(Buffer.from(found), Buffer.from(expected))).toBe(0);
        }
      },
    ),
    { numRuns: 60 },
  );
});
