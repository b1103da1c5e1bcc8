import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { DEFAULT_IMAGE_BOUNDS } from '../../../../shared/images/image.ts';
import { countGif } from '../../../../shared/images/inspect/gif.ts';
import { countJpeg } from '../../../../shared/images/inspect/jpeg.ts';
import { countPng } from '../../../../shared/images/inspect/png.ts';
import { countTiff } from '../../../../shared/images/inspect/tiff.ts';
import { countWebp } from '../../../../shared/images/inspect/webp.ts';
import {
  apngOfFrames,
  gifOfFrames,
  jpegOfScans,
  pngOfProfile,
  pngOfTexts,
  pngOfXmp,
  tiffOfDirectories,
  tiffOfNestedDirectories,
  tiffOfOneStrip,
  webpOfFrames,
} from '../../../support/bombs.ts';
import { BLUE, frames, GREEN, noise, photo, plain, RED } from '../pictures.ts';

const LIMIT = DEFAULT_IMAGE_BOUNDS.maxMetadataBytes;
const noisy = () => sharp(noise(64, 48).data, { raw: { width: 64, height: 48, channels: 3 } });

describe('counting a JPEG', () => {
  test('a baseline photo has one scan and holds nothing', () => {
    expect(countJpeg(photo())).toMatchObject({ scans: 1, heldBytes: 0 });
  });

  test.each([
    ['4:2:0', 1.5],
    ['4:4:4', 3],
  ])('a progressive photo of %s holds two bytes per coefficient', async (chromaSubsampling, samples) => {
    const file = await noisy().jpeg({ progressive: true, chromaSubsampling }).toBuffer();

    const { scans, heldBytes } = countJpeg(file);

    expect(scans).toBeGreaterThan(3);
    expect(heldBytes).toBe(64 * 48 * samples * 2);
  });

  test.each([200, 1000])('%i scans are counted', async (scans) => {
    expect(countJpeg(await jpegOfScans(scans)).scans).toBe(scans);
  });

  test('profile, EXIF and comments add up', async () => {
    const plainFile = await plain(RED).jpeg().toBuffer();
    const file = await plain(RED)
      .withMetadata({ icc: 'p3', exif: { IFD0: { Copyright: 'x'.repeat(1000) } } })
      .jpeg()
      .toBuffer();

    const more = countJpeg(file).metadataBytes! - countJpeg(plainFile).metadataBytes!;

    expect(more).toBeGreaterThan(1400);
    expect(more).toBeLessThan(file.length - plainFile.length + 1);
  });
});

describe('counting a PNG', () => {
  test('an ordinary picture holds nothing', async () => {
    expect(countPng(await plain(RED).png().toBuffer(), LIMIT)).toEqual({
      frames: 1,
      metadataBytes: 0,
      heldBytes: 0,
    });
  });

  test.each([
    ['8 bits, three channels', plain(RED), 3],
    ['8 bits, four channels', plain(RED).ensureAlpha(0.5), 4],
    ['16 bits, three channels', plain(RED).toColourspace('rgb16'), 6],
    ['grey', plain(RED).toColourspace('b-w'), 1],
  ])('an interlaced picture of %s is held as a whole', async (_, picture, bytesPerPixel) => {
    const file = await picture.png({ progressive: true }).toBuffer();

    expect(countPng(file, LIMIT).heldBytes).toBe(64 * 48 * bytesPerPixel);
  });

  test('texts count as what they are after decompression', async () => {
    const file = await pngOfTexts(3, 100_000);

    expect(file.length).toBeLessThan(3000);
    expect(countPng(file, LIMIT).metadataBytes).toBe(300_000);
  });

  test('texts beyond the bound are not decompressed further', async () => {
    const started = process.cpuUsage();

    const { metadataBytes } = countPng(await pngOfTexts(20, 50_000_000), LIMIT);

    expect(metadataBytes).toBeGreaterThan(LIMIT);
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(2000);
  });

  test('very many small texts are bounded by what they can hold at most', async () => {
    const { metadataBytes } = countPng(await pngOfTexts(5000, 1000), LIMIT);

    expect(metadataBytes).toBeGreaterThan(5_000_000);
  });

  test.each([
    ['an XMP text', () => pngOfXmp(200_000)],
    ['a profile', () => pngOfProfile(200_000)],
  ])('%s counts as what it is after decompression', async (_, make) => {
    expect(countPng(await make(), LIMIT).metadataBytes).toBe(200_000);
  });

  test('frames of an animation are counted', async () => {
    expect(countPng(await apngOfFrames(300), LIMIT).frames).toBe(301);
  });
});

describe('counting frames and directories', () => {
  test.each(['gif', 'webp'] as const)('an animated %s has its frames counted', async (format) => {
    const file = await frames([GREEN, RED, BLUE]).toFormat(format).toBuffer();

    expect((format === 'gif' ? countGif : countWebp)(file).frames).toBe(3);
  });

  test.each([1, 20_000])('%i frames of a GIF are counted', (count) => {
    expect(countGif(gifOfFrames(count)).frames).toBe(count);
  });

  test.each([1, 20_000])('%i frames of a WebP are counted', async (count) => {
    expect(countWebp(await webpOfFrames(count)).frames).toBe(count);
  });

  test.each([
    ['lossy', { lossless: false }, 0.5],
    ['lossless', { lossless: true }, 4.2],
  ])('a %s WebP holds so many bytes per pixel', async (_, options, held) => {
    expect(countWebp(await noisy().webp(options).toBuffer()).heldBytesPerPixel).toBe(held);
  });

  test.each([1, 3, 2000])('%i directories of a TIFF are counted', (count) => {
    expect(countTiff(tiffOfDirectories(count)).frames).toBe(count);
  });

  test('directories that lead back to the first are counted once', () => {
    expect(countTiff(tiffOfDirectories(5, 8)).frames).toBe(5);
  });

  test('directories below directories are counted', () => {
    expect(countTiff(tiffOfNestedDirectories(500)).frames).toBe(500);
  });

  test('a TIFF in one strip holds the whole strip', () => {
    expect(countTiff(tiffOfOneStrip(100, 50)).heldBytes).toBe(100 * 50 * 6);
  });

  test('a tiled TIFF holds a row of tiles', async () => {
    const file = await plain(RED, 500, 300)
      .tiff({ tile: true, tileWidth: 128, tileHeight: 64, compression: 'none' })
      .toBuffer();

    expect(countTiff(file).heldBytes).toBe(512 * 64 * 3);
  });
});

test('whatever the bytes are, counting ends and throws nothing', async () => {
  const files = [
    photo().subarray(0, 3000),
    await noisy().jpeg({ progressive: true }).toBuffer(),
    await pngOfTexts(2, 1000),
    await pngOfXmp(1000),
    gifOfFrames(3),
    await webpOfFrames(3),
    tiffOfDirectories(3),
    tiffOfNestedDirectories(3),
  ];
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 20 });

  fc.assert(
    fc.property(fc.constantFrom(...files), edits, fc.nat(), (file, changes, cut) => {
      const bytes = Buffer.from(file).subarray(0, cut % 4 === 0 ? cut % file.length : file.length);
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
      for (const count of [countJpeg, countGif, countWebp, countTiff]) {
        for (const value of Object.values(count(bytes))) expect(value).toBeGreaterThanOrEqual(0);
      }
      expect(countPng(bytes, 10_000).metadataBytes).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 500 },
  );
});

test('a TIFF of directories that overlap is not read for ever', () => {
  // Each pair of bytes is a count of 0x0808 fields, and each field leads on.
  const bytes = Buffer.alloc(2_000_000, 8);
  bytes.write('II*\0\x08\0\0\0', 'latin1');
  const started = process.cpuUsage();

  countTiff(bytes);

  expect(process.cpuUsage(started).user / 1000).toBeLessThan(2000);
});
