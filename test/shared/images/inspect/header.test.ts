import { expect, test } from 'vitest';
import { DEFAULT_IMAGE_BOUNDS, MEGABYTE } from '../../../../shared/images/image.ts';
import { readHeader } from '../../../../shared/images/inspect/header.ts';
import {
  apngOfFrames,
  gifOfFrames,
  gifOfSize,
  jpegOfScans,
  pngOfProfile,
  pngOfTexts,
  tiffOfChannels,
  tiffOfDirectories,
  tiffOfNestedDirectories,
  webpOfFrames,
} from '../../../support/bombs.ts';
import { photo, plain, RED } from '../pictures.ts';

test.each<[kind: string, make: () => Buffer | Promise<Buffer>, bound: string]>([
  ['a JPEG of 300 scans', () => jpegOfScans(300), 'maxScans'],
  ['a GIF of 6,000 frames', () => gifOfFrames(6000), 'maxFrames'],
  ['a WebP of 6,000 frames', () => webpOfFrames(6000), 'maxFrames'],
  ['an APNG of 6,000 frames', () => apngOfFrames(6000), 'maxFrames'],
  ['a TIFF of 6,000 directories', () => tiffOfDirectories(6000), 'maxFrames'],
  ['a TIFF of 6,000 nested directories', () => tiffOfNestedDirectories(6000), 'maxFrames'],
  ['a TIFF of 200 channels', () => tiffOfChannels(200), 'maxChannels'],
  ['a PNG of 30 MB of texts', () => pngOfTexts(3, 10_000_000), 'maxMetadataBytes'],
  ['a PNG with a profile of 30 MB', () => pngOfProfile(30_000_000), 'maxMetadataBytes'],
  ['a GIF of 14,000 × 14,000 in 35 bytes', () => gifOfSize(14_000, 14_000), 'maxPixels'],
])('%s is refused by the name of its bound', async (_, make, bound) => {
  const reading = readHeader(await make(), DEFAULT_IMAGE_BOUNDS);

  await expect(reading).rejects.toMatchObject({
    code: 'ImageTooLarge',
    details: { bound, limit: expect.any(Number), actual: expect.any(Number) },
  });
});

test('a picture whose estimate exceeds the memory bound is refused with both figures', async () => {
  const reading = readHeader(gifOfSize(9000, 9000), { ...DEFAULT_IMAGE_BOUNDS, maxPictureMb: 200 });

  await expect(reading).rejects.toMatchObject({
    code: 'ImageTooLarge',
    message: expect.stringMatching(/has 3\d\d MB .* more than the 200 that maxPictureMb allows/),
    details: { bound: 'maxPictureMb', limit: 200 },
  });
});

test('an ordinary photo is far below every bound', async () => {
  const { memoryBytes } = await readHeader(photo(), DEFAULT_IMAGE_BOUNDS);

  expect(memoryBytes).toBeLessThan(40 * MEGABYTE);
});

test('a turned picture costs more where its decoder cannot scale it', async () => {
  const turned = await plain(RED, 3000, 2000).withMetadata({ orientation: 6 }).png().toBuffer();
  const upright = await plain(RED, 3000, 2000).png().toBuffer();

  const difference =
    (await readHeader(turned, DEFAULT_IMAGE_BOUNDS)).memoryBytes -
    (await readHeader(upright, DEFAULT_IMAGE_BOUNDS)).memoryBytes;

  // The one with EXIF has some hundred bytes of metadata more.
  expect(difference / (3000 * 2000 * 3)).toBeCloseTo(1, 3);
});
