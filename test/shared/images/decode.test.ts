import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { DEFAULT_IMAGE_BOUNDS } from '../../../shared/images/image.ts';
import { loadSharp } from '../../../shared/images/sharp.ts';
import { isAppError } from '../../../shared/runtime/errors.ts';
import { decodeImage } from '../../support/decode-image.ts';
import { pngChunk } from '../../support/png-chunk.ts';
import { rawPhoto } from '../../support/raw-photo.ts';
import { jpegWithRestarts } from '../../support/restart-jpeg.ts';
import { tiffOfPages } from '../../support/tiff.ts';
import {
  BLUE,
  difference,
  frames,
  GREEN,
  noise,
  type Pixel,
  photo,
  pixelAt,
  plain,
  quarters,
  RED,
  WHITE,
} from './pictures.ts';

const ORANGE: Pixel = [200, 100, 50];
const FORMATS = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const;

/** A PNG with one bit per pixel, whose header may claim more pixels than its data has. */
function png(width: number, height: number, rows: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const data = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * rows), { level: 1 });
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', data),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

const noisy = () => sharp(noise(64, 48).data, { raw: { width: 64, height: 48, channels: 3 } });

test.each<[name: string, picture: Sharp, tolerance: number]>([
  ['JPEG', plain(ORANGE).jpeg(), 3],
  ['progressive JPEG', plain(ORANGE).jpeg({ progressive: true }), 3],
  ['CMYK JPEG', plain(ORANGE).toColourspace('cmyk').jpeg({ quality: 100 }), 30],
  ['Display P3 JPEG', plain(ORANGE).withIccProfile('p3').jpeg({ quality: 100 }), 4],
  ['PNG', plain(ORANGE).png(), 0],
  ['interlaced PNG', plain(ORANGE).png({ progressive: true }), 0],
  ['palette PNG', plain(ORANGE).png({ palette: true }), 2],
  ['16-bit PNG', plain(ORANGE).toColourspace('rgb16').png(), 1],
  ['opaque alpha PNG', plain(ORANGE).ensureAlpha(1).png(), 0],
  ['WebP', plain(ORANGE).webp(), 4],
  ['lossless WebP', plain(ORANGE).webp({ lossless: true }), 0],
  ['GIF', plain(ORANGE).gif(), 2],
  ['TIFF', plain(ORANGE).tiff({ compression: 'lzw' }), 0],
  ['CMYK TIFF', plain(ORANGE).toColourspace('cmyk').tiff({ compression: 'none' }), 30],
  ['AVIF', plain(ORANGE).avif({ quality: 90 }), 4],
])('%s is decoded to 8-bit sRGB', async (_name, picture, tolerance) => {
  const bytes = await picture.toBuffer();

  const { width, height, raster } = await decodeImage(bytes, DEFAULT_IMAGE_BOUNDS);

  expect([width, height, raster.width, raster.height]).toEqual([64, 48, 64, 48]);
  expect(raster.data).toHaveLength(64 * 48 * 3);
  expect(difference(pixelAt(raster, 30, 20), ORANGE)).toBeLessThanOrEqual(tolerance);
});

test.each<[name: string, picture: Sharp]>([
  ['grey JPEG', plain([90, 90, 90]).toColourspace('b-w').jpeg()],
  ['grey PNG', plain([90, 90, 90]).toColourspace('b-w').png()],
  ['grey PNG with alpha', plain([90, 90, 90]).ensureAlpha(1).toColourspace('b-w').png()],
  ['16-bit grey PNG', plain([90, 90, 90]).toColourspace('grey16').png()],
])('a %s is decoded to three 8-bit channels', async (_name, picture) => {
  const bytes = await picture.toBuffer();

  const { raster } = await decodeImage(bytes, DEFAULT_IMAGE_BOUNDS);

  expect(raster.data).toHaveLength(64 * 48 * 3);
  expect(difference(pixelAt(raster, 5, 5), [90, 90, 90])).toBeLessThanOrEqual(1);
});

test('transparency becomes white', async () => {
  const bytes = await plain([0, 0, 0]).ensureAlpha(0.5).png().toBuffer();

  const { raster } = await decodeImage(bytes, DEFAULT_IMAGE_BOUNDS);

  expect(difference(pixelAt(raster, 5, 5), [127, 127, 127])).toBeLessThanOrEqual(1);
});

test.each(['gif', 'webp'] as const)('the first frame of an animated %s is decoded', async (format) => {
  const bytes = await frames([GREEN, RED, BLUE]).toFormat(format).toBuffer();

  const { height, raster } = await decodeImage(bytes, DEFAULT_IMAGE_BOUNDS);

  expect(height).toBe(16);
  expect(difference(pixelAt(raster, 8, 8), GREEN)).toBeLessThanOrEqual(6);
});

// EXIF 2.32, 4.6.4 A: the position of row 0 and column 0 of the stored pixels.
test.each<[orientation: number, corners: readonly Pixel[]]>([
  [1, [RED, GREEN, BLUE, WHITE]],
  [2, [GREEN, RED, WHITE, BLUE]],
  [3, [WHITE, BLUE, GREEN, RED]],
  [4, [BLUE, WHITE, RED, GREEN]],
  [5, [RED, BLUE, GREEN, WHITE]],
  [6, [BLUE, RED, WHITE, GREEN]],
  [7, [WHITE, GREEN, BLUE, RED]],
  [8, [GREEN, WHITE, RED, BLUE]],
])('a picture with EXIF orientation %i is turned upright', async (orientation, corners) => {
  const bytes = await quarters().withMetadata({ orientation }).jpeg({ quality: 100 }).toBuffer();

  const { raster } = await decodeImage(bytes, DEFAULT_IMAGE_BOUNDS);

  const found = [
    pixelAt(raster, 8, 8),
    pixelAt(raster, 56, 8),
    pixelAt(raster, 8, 56),
    pixelAt(raster, 56, 56),
  ];
  found.forEach((pixel, corner) => {
    expect(difference(pixel, corners[corner]!)).toBeLessThanOrEqual(4);
  });
});

test.each(['jpeg', 'png', 'webp', 'tiff'] as const)(
  'a turned %s has the size of the upright picture',
  async (format) => {
    const bytes = await plain(RED, 300, 200).withMetadata({ orientation: 6 }).toFormat(format).toBuffer();

    const { width, height, raster } = await decodeImage(bytes, { ...DEFAULT_IMAGE_BOUNDS, rasterSide: 150 });

    expect([width, height]).toEqual([200, 300]);
    expect([raster.width, raster.height]).toEqual([100, 150]);
  },
);

test('a large picture is scaled down, a small one keeps its size', async () => {
  const bytes = photo();

  const small = await decodeImage(bytes, { ...DEFAULT_IMAGE_BOUNDS, rasterSide: 480 });
  const whole = await decodeImage(bytes, { ...DEFAULT_IMAGE_BOUNDS, rasterSide: 4000 });

  expect([small.width, small.height, small.raster.width, small.raster.height]).toEqual([
    1920, 1448, 480, 362,
  ]);
  expect([whole.raster.width, whole.raster.height]).toEqual([1920, 1448]);
});

test('skipping the conversion from sRGB changes no pixel', async () => {
  const bytes = photo();
  const converted = await sharp(bytes).toColourspace('srgb').raw().toBuffer();

  const { raster } = await decodeImage(bytes, DEFAULT_IMAGE_BOUNDS);

  expect(Buffer.compare(Buffer.from(raster.data), converted)).toBe(0);
});

test.each([
  ['empty', Buffer.alloc(0)],
  ['unknown-format', Buffer.from('hello, I am a text')],
  ['refused-format', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
  ['refused-format', Buffer.from('%PDF-1.4')],
  ['truncated', photo().subarray(0, 400)],
])('a file that is %s is rejected', async (reason, bytes) => {
  const decoding = decodeImage(bytes, DEFAULT_IMAGE_BOUNDS);

  await expect(decoding).rejects.toMatchObject({ code: 'InvalidImage', details: { reason } });
});

test.each(FORMATS.filter((format) => format !== 'jpeg'))(
  'an interrupted %s is reported as truncated',
  async (format) => {
    const bytes = await noisy().toFormat(format).toBuffer();

    const decoding = decodeImage(bytes.subarray(0, bytes.length / 2), DEFAULT_IMAGE_BOUNDS);

    await expect(decoding).rejects.toMatchObject({
      code: 'InvalidImage',
      details: { reason: 'truncated', format, bytes: Math.floor(bytes.length / 2) },
    });
  },
);

test.each(['png', 'avif'] as const)('a damaged %s is reported as corrupt', async (format) => {
  const bytes = await noisy().toFormat(format).toBuffer();
  bytes.fill(0xa5, bytes.length / 2, bytes.length / 2 + 200);

  const decoding = decodeImage(bytes, DEFAULT_IMAGE_BOUNDS);

  await expect(decoding).rejects.toMatchObject({ code: 'InvalidImage', details: { reason: 'corrupt' } });
});

test.each<[harm: string, harmed: (file: Buffer) => Buffer]>([
  ['without its end marker', (file) => file.subarray(0, -2)],
  ['without its last 300 bytes', (file) => file.subarray(0, -300)],
  ['cut in half', (file) => file.subarray(0, file.length / 2)],
  [
    'with a hole of zeros',
    (file) => Buffer.from(file).fill(0, Math.floor(file.length * 0.7), Math.floor(file.length * 0.75)),
  ],
])('a JPEG %s is decoded as far as possible, and partial', async (_, harmed) => {
  const whole = await decodeImage(photo(), DEFAULT_IMAGE_BOUNDS);

  const { width, height, partial, raster } = await decodeImage(harmed(photo()), DEFAULT_IMAGE_BOUNDS);

  expect([width, height, partial]).toEqual([1920, 1448, true]);
  const upper = raster.data.subarray(0, raster.data.length * 0.4);
  expect(Buffer.compare(upper, whole.raster.data.subarray(0, upper.length))).toBe(0);
});

test('a progressive JPEG cut in half is partial', async () => {
  const file = await sharp(photo()).jpeg({ progressive: true }).toBuffer();

  const { partial } = await decodeImage(file.subarray(0, file.length / 2), DEFAULT_IMAGE_BOUNDS);

  expect(partial).toBe(true);
});

test('a JPEG that lacks the restart markers it announces is partial', async () => {
  const file = await sharp(photo()).jpeg().toBuffer();
  const scan = file.indexOf('ffda', 0, 'hex');
  const interval = Buffer.from('ffdd00040040', 'hex');
  const announced = Buffer.concat([file.subarray(0, scan), interval, file.subarray(scan)]);

  const { partial, raster } = await decodeImage(announced, DEFAULT_IMAGE_BOUNDS);

  expect([partial, raster.width, raster.height]).toEqual([true, 1920, 1448]);
});

test.each([
  ['all restart markers have the same number', () => 0],
  ['one restart marker has a wrong number', (n: number) => (n === 40 ? n + 3 : n)],
])('a JPEG in which %s is partial and keeps its picture', async (_, number) => {
  const { width, height, file } = jpegWithRestarts(number);

  const { partial, raster } = await decodeImage(file, DEFAULT_IMAGE_BOUNDS);

  expect([partial, raster.width, raster.height]).toEqual([true, width, height]);
  expect(difference(pixelAt(raster, 10, height - 10), [128, 128, 128])).toBeLessThan(3);
});

test('a JPEG whose later tables are damaged is decoded up to them', async () => {
  const file = await sharp(photo()).jpeg({ progressive: true }).toBuffer();
  for (let at = 20_000; at < file.length - 100; at += 500) file[at]! ^= 0x55;

  const { partial, raster } = await decodeImage(file, DEFAULT_IMAGE_BOUNDS);

  expect([partial, raster.width, raster.height]).toEqual([true, 1920, 1448]);
});

test('a JPEG with a harmless deviation is complete', async () => {
  const file = await plain(RED).jpeg().toBuffer();
  // Bytes between two segments, which a decoder skips with a warning.
  const filled = Buffer.concat([file.subarray(0, 20), Buffer.from([1, 2, 3]), file.subarray(20)]);

  const { partial, raster } = await decodeImage(filled, DEFAULT_IMAGE_BOUNDS);

  expect(partial).toBeUndefined();
  expect(difference(pixelAt(raster, 30, 20), RED)).toBeLessThan(10);
});

test.each<[what: string, photometric: number, values: number[], seen: Pixel]>([
  ['grey and four more channels', 1, [200, 9, 9, 9, 9], [200, 200, 200]],
  ['colours and two more channels', 2, [200, 0, 0, 9, 9], [200, 0, 0]],
  ['colours and thirteen more channels', 2, [0, 0, 200, ...Array<number>(13).fill(9)], [0, 0, 200]],
  ['CMYK and two more channels', 5, [0, 0, 0, 255, 9, 9], [40, 38, 39]],
])('a TIFF of %s is decoded by its colours', async (_, photometric, values, seen) => {
  const file = tiffOfPages([{ width: 8, height: 8, photometric, values }]);

  const { raster } = await decodeImage(file, DEFAULT_IMAGE_BOUNDS);

  expect(difference(pixelAt(raster, 4, 4), seen)).toBeLessThan(60);
});

test('a sound TIFF of an unknown compression is refused and not called damaged', async () => {
  const zstandard = 50_000;
  const file = tiffOfPages([{ width: 8, height: 8, photometric: 1, values: [9], compression: zstandard }]);

  const decoding = decodeImage(file, DEFAULT_IMAGE_BOUNDS);

  await expect(decoding).rejects.toMatchObject({
    code: 'InvalidImage',
    details: { reason: 'refused-format', format: 'tiff' },
  });
});

test('a TIFF whose first page is a thumbnail is decoded by its largest page', async () => {
  const file = tiffOfPages([
    { width: 8, height: 8, photometric: 2, values: [255, 0, 0], subfileType: 1 },
    { width: 90, height: 60, photometric: 2, values: [0, 0, 255] },
  ]);

  const image = await decodeImage(file, DEFAULT_IMAGE_BOUNDS);

  expect(image).toMatchObject({ width: 90, height: 60, storedUpright: false });
  expect(image.preview).toBeUndefined();
  expect(difference(pixelAt(image.raster, 40, 30), BLUE)).toBe(0);
});

test.each(['strip', 'offset'] as const)(
  'a raw photo is decoded by its preview, found by %s, and not by its thumbnail',
  async (place) => {
    const file = await rawPhoto({ background: '#0000ff', previewWidth: 1600, previewHeight: 1200, place });

    const image = await decodeImage(file, DEFAULT_IMAGE_BOUNDS);

    expect(image).toMatchObject({ width: 1600, height: 1200, format: 'tiff', preview: true });
    expect(image.storedUpright).toBe(false);
    expect(difference(pixelAt(image.raster, 800, 600), BLUE)).toBeLessThan(10);
  },
);

test('the preview of a raw photo has the orientation of the photo', async () => {
  const size = { previewWidth: 1600, previewHeight: 1200 };
  const file = await rawPhoto({ background: '#00ff00', ...size, orientation: 6 });

  const { width, height, raster } = await decodeImage(file, DEFAULT_IMAGE_BOUNDS);

  expect([width, height, raster.width, raster.height]).toEqual([1200, 1600, 1200, 1600]);
});

test('a file whose thumbnail has a picture below it is decoded by that', async () => {
  const size = { previewWidth: 640, previewHeight: 480 };
  const file = await rawPhoto({ background: '#0000ff', ...size, isDng: false });

  const image = await decodeImage(file, DEFAULT_IMAGE_BOUNDS);

  expect(image).toMatchObject({ width: 640, height: 480, preview: true });
});

test('a raw photo without a large preview is refused', async () => {
  const file = await rawPhoto({ background: '#0000ff', previewWidth: 640, previewHeight: 480 });

  const decoding = decodeImage(file, DEFAULT_IMAGE_BOUNDS);

  await expect(decoding).rejects.toMatchObject({
    code: 'InvalidImage',
    details: { reason: 'refused-format' },
  });
});

test('a photo with extra bytes at its end is accepted', async () => {
  const bytes = Buffer.concat([photo(), Buffer.alloc(1000, 7)]);

  const image = await decodeImage(bytes, DEFAULT_IMAGE_BOUNDS);

  expect([image.width, image.height]).toEqual([1920, 1448]);
});

test('any changed bytes give an error with a code or a complete raster', async () => {
  const files = await Promise.all(FORMATS.map((format) => noisy().toFormat(format).toBuffer()));
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 20,
  });

  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), changes, async (file, edits) => {
      const bytes = Buffer.from(file);
      for (const [at, value] of edits) bytes[at % bytes.length] = value;

      const outcome = await decodeImage(bytes, DEFAULT_IMAGE_BOUNDS).catch((error: unknown) => error);

      if (isAppError(outcome, 'InvalidImage', 'ImageTooLarge')) return true;
      const { raster } = outcome as Awaited<ReturnType<typeof decodeImage>>;
      return raster.data.length === raster.width * raster.height * 3;
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['maxBytes', { maxBytes: 1000 }, { limit: 1000, actual: photo().length }],
  ['maxPixels', { maxPixels: 1_000_000 }, { limit: 1_000_000, actual: 1920 * 1448 }],
  ['maxSide', { maxSide: 1919 }, { limit: 1919, actual: 1920 }],
])('a picture beyond %s is rejected with limit and actual value', async (bound, bounds, figures) => {
  const decoding = decodeImage(photo(), { ...DEFAULT_IMAGE_BOUNDS, ...bounds });

  await expect(decoding).rejects.toMatchObject({
    code: 'ImageTooLarge',
    message: expect.stringContaining(`${figures.limit} that ${bound} allows`),
    details: { bound, ...figures },
  });
});

test('a decompression bomb is rejected by its header', async () => {
  // A decoder would fail at the single row of data, but no decoder starts.
  const bytes = png(20_000, 20_000, 1);

  const decoding = decodeImage(bytes, DEFAULT_IMAGE_BOUNDS);

  await expect(decoding).rejects.toMatchObject({
    code: 'ImageTooLarge',
    details: { bound: 'maxPixels', actual: 400_000_000 },
  });
});

test('SVG is not rendered anywhere in the process', async () => {
  const guarded = await loadSharp();

  const rendering = guarded(
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
  ).toBuffer();

  await expect(rendering).rejects.toThrow('unsupported image format');
});
