import sharp from 'sharp';
import { expect, test } from 'vitest';
import { type AnnotatedFace, annotateImage } from '../../../shared/images/annotate.ts';
import { DEFAULT_IMAGE_BOUNDS, type Raster } from '../../../shared/images/image.ts';
import { decodeImage } from '../../support/decode-image.ts';
import { blank, difference, type Pixel, photo, pixelAt, pixelsOf, upright } from './pictures.ts';

const GREY: Pixel = [128, 128, 128];
const options = { quality: 100 };

function aFace(changes: Partial<AnnotatedFace> = {}): AnnotatedFace {
  return { box: { x: 200, y: 200, width: 100, height: 120 }, label: 'F 27 happy', tone: 'plain', ...changes };
}

/** Number of pixels of an area that are no longer grey. */
function changed(raster: Raster, x: number, y: number, width: number, height: number): number {
  let count = 0;
  for (let row = y; row < y + height; row++) {
    for (let column = x; column < x + width; column++) {
      if (difference(pixelAt(raster, column, row), GREY) > 12) count++;
    }
  }
  return count;
}

test('box, label and banner are drawn, and the rest of the picture is unchanged', async () => {
  const image = upright(blank(800, 600));

  const file = await annotateImage(
    image,
    { faces: [aFace()], banner: '1 face · 0 male : 1 female' },
    options,
  );

  const raster = await pixelsOf(file);
  expect([raster.width, raster.height]).toEqual([800, 600]);
  expect(changed(raster, 196, 230, 10, 80)).toBeGreaterThan(80);
  expect(changed(raster, 190, 165, 110, 30)).toBeGreaterThan(1500);
  expect(changed(raster, 0, 580, 800, 20)).toBeGreaterThan(0.97 * 800 * 20);
  expect(changed(raster, 215, 215, 70, 90)).toBe(0);
  expect(changed(raster, 350, 0, 450, 560)).toBe(0);
});

test('boxes are in pixels of the upright image', async () => {
  const image = upright(blank(400, 300), 0.5);

  const file = await annotateImage(image, { faces: [aFace({ label: '' })], banner: '' }, options);

  const raster = await pixelsOf(file);
  expect(changed(raster, 96, 110, 8, 40)).toBeGreaterThan(40);
  expect(changed(raster, 160, 0, 240, 300)).toBe(0);
});

test('each tone has its own colour', async () => {
  const tones = ['match', 'unknown', 'plain'] as const;

  const files = await Promise.all(
    tones.map((tone) =>
      annotateImage(upright(blank(800, 600)), { faces: [aFace({ tone })], banner: '' }, options),
    ),
  );

  // The left padding of the label's plate.
  const plates = (await Promise.all(files.map(pixelsOf))).map((raster) => pixelAt(raster, 203, 183));
  expect(difference(plates[0]!, plates[1]!)).toBeGreaterThan(60);
  expect(difference(plates[1]!, plates[2]!)).toBeGreaterThan(60);
  expect(difference(plates[0]!, plates[2]!)).toBeGreaterThan(60);
});

test('the banner is at the top when faces are at the bottom', async () => {
  const image = upright(blank(800, 600));
  const faces = [aFace({ box: { x: 200, y: 480, width: 100, height: 120 }, label: '' })];

  const file = await annotateImage(image, { faces, banner: '1 face' }, options);

  const raster = await pixelsOf(file);
  expect(changed(raster, 0, 0, 800, 15)).toBeGreaterThan(0.97 * 800 * 15);
  expect(changed(raster, 400, 580, 400, 20)).toBe(0);
});

test('a banner moves into a corner where a strip would hide a face', async () => {
  const image = upright(blank(800, 600));
  const faces = [0, 600].map((x) => aFace({ box: { x: x + 100, y: 0, width: 90, height: 600 }, label: '' }));

  const file = await annotateImage(image, { faces, banner: '2' }, options);

  const raster = await pixelsOf(file);
  expect(changed(raster, 0, 580, 20, 20)).toBeGreaterThan(380);
  expect(changed(raster, 400, 580, 100, 20)).toBe(0);
  expect(changed(raster, 120, 20, 50, 560)).toBe(0);
});

test('a picture full of faces gets no banner', async () => {
  const image = upright(blank(200, 150));
  const faces = [aFace({ box: { x: 0, y: 0, width: 200, height: 150 }, label: 'F 27 happy' })];

  const file = await annotateImage(image, { faces, banner: '1 face · 0 male : 1 female' }, options);

  expect(changed(await pixelsOf(file), 30, 25, 140, 100)).toBe(0);
});

test.each([
  ['a crowd of 60', 1920, 1080, 10, 6],
  ['six faces in a picture 200 pixels wide', 200, 150, 3, 2],
])('the faces of %s stay visible', async (_, width, height, columns, rows) => {
  const cell = { width: width / columns, height: height / rows };
  const faces = Array.from({ length: columns * rows }, (_, i) =>
    aFace({
      box: {
        x: ((i % columns) + 0.1) * cell.width,
        y: (Math.floor(i / columns) + 0.1) * cell.height,
        width: cell.width * 0.8,
        height: cell.height * 0.8,
      },
      label: 'F 27 surprised',
    }),
  );

  const file = await annotateImage(upright(blank(width, height)), { faces, banner: '60 faces' }, options);

  const raster = await pixelsOf(file);
  for (const { box } of faces) {
    // Without the lines of the box itself.
    const inside = [box.x + 6, box.y + 6, box.width - 12, box.height - 12].map(Math.round);
    const [x, y, w, h] = inside as [number, number, number, number];
    expect(changed(raster, x, y, w, h) / (w * h)).toBeLessThan(0.12);
  }
});

test('without faces and banner nothing is drawn', async () => {
  const file = await annotateImage(upright(blank(300, 200)), { faces: [], banner: '' }, options);

  expect(changed(await pixelsOf(file), 0, 0, 300, 200)).toBe(0);
});

test.each([200, 1920, 8000])('letters have a readable size on %i pixels', async (side) => {
  const image = upright(blank(side, Math.round(side * 0.75)), side / 1000);
  const faces = [aFace({ box: { x: 400, y: 300, width: 150, height: 180 } })];

  const file = await annotateImage(image, { faces, banner: '' }, options);

  const raster = await pixelsOf(file);
  // The column of pixels through the label's left padding, above the box.
  const x = Math.round(0.4 * side) + 2;
  const height = changed(raster, x, 0, 1, Math.round(0.29 * side));
  expect(height).toBeGreaterThanOrEqual(Math.max(10, side / 80));
  expect(height).toBeLessThanOrEqual(Math.max(20, side / 20));
});

test.each([
  [1, 1],
  [16, 12],
  [40, 400],
  [400, 40],
])('a picture of %i × %i pixels is annotated', async (width, height) => {
  const image = upright(blank(width, height));
  const faces = [
    aFace({ box: { x: 0, y: 0, width, height } }),
    aFace({ box: { x: width - 1, y: 0, width: 1, height: 1 } }),
  ];

  const file = await annotateImage(image, { faces, banner: '2 faces · 1 male : 1 female' }, options);

  const metadata = await sharp(file).metadata();
  expect([metadata.width, metadata.height]).toEqual([width, height]);
});

test('annotation is deterministic', async () => {
  const decode = () => decodeImage(photo(), { ...DEFAULT_IMAGE_BOUNDS, rasterSide: 640 });
  const faces = [
    aFace({ box: { x: 268, y: 192, width: 160, height: 240 }, label: '李明', tone: 'match' }),
    aFace({ box: { x: 676, y: 56, width: 190, height: 260 }, label: 'Amélie Núñez' }),
  ];

  const first = await annotateImage(await decode(), { faces, banner: '2 faces' });
  const second = await annotateImage(await decode(), { faces, banner: '2 faces' });

  expect(Buffer.compare(first, second)).toBe(0);
});
