import sharp from 'sharp';
import {
  apngOfFrames,
  avifOfNestedBoxes,
  avifOfSize,
  gifOfFrames,
  gifOfSize,
  interlacedPng,
  jpegOfScans,
  largeAvif,
  pngOfProfile,
  pngOfTexts,
  pngOfXmp,
  progressiveJpeg,
  tiffOfChannels,
  tiffOfDirectories,
  tiffOfNestedDirectories,
  tiffOfOneStrip,
  webpOfFrames,
} from '../support/bombs.ts';
import { sampleBytes } from '../support/photos.ts';

export interface Kind {
  readonly name: string;
  readonly make: () => Buffer | Promise<Buffer>;
  /** The bound that refuses it, or `processed` when its cost is within all of them. */
  readonly verdict: string;
}

/** The sizes are chosen on both sides of each bound: what is refused, and what costs as much as may be. */
export const KINDS: readonly Kind[] = [
  { name: 'JPEG of 1,000 scans', make: () => jpegOfScans(1000), verdict: 'maxScans' },
  { name: 'JPEG of 30,000 scans', make: () => jpegOfScans(30_000), verdict: 'maxScans' },
  {
    name: 'progressive JPEG of 100 MP',
    make: () => progressiveJpeg({ width: 10_000, height: 10_000, components: 3 }),
    verdict: 'processed',
  },
  {
    name: 'progressive CMYK JPEG of 64 MP',
    make: () => progressiveJpeg({ width: 8000, height: 8000, components: 4 }),
    verdict: 'processed',
  },
  {
    name: 'progressive CMYK JPEG of 100 MP',
    make: () => progressiveJpeg({ width: 10_000, height: 10_000, components: 4 }),
    verdict: 'maxPictureMb',
  },
  { name: 'WebP of 60,000 frames', make: () => webpOfFrames(60_000), verdict: 'maxFrames' },
  { name: 'WebP of 4,900 frames', make: () => webpOfFrames(4900), verdict: 'processed' },
  { name: 'GIF of 200,000 frames', make: () => gifOfFrames(200_000), verdict: 'maxFrames' },
  { name: 'GIF of 9,900 × 9,900 in 35 bytes', make: () => gifOfSize(9900, 9900), verdict: 'processed' },
  { name: 'GIF of 65,535 × 65,535', make: () => gifOfSize(65_535, 65_535), verdict: 'maxSide' },
  { name: 'APNG of 100,000 frames', make: () => apngOfFrames(100_000), verdict: 'maxFrames' },
  { name: 'PNG of 20 texts of 50 MB', make: () => pngOfTexts(20, 50_000_000), verdict: 'maxMetadataBytes' },
  {
    name: 'PNG of 20,000 texts of 60 kB',
    make: () => pngOfTexts(20_000, 60_000),
    verdict: 'maxMetadataBytes',
  },
  { name: 'PNG of 300 texts of 50 kB', make: () => pngOfTexts(300, 50_000), verdict: 'processed' },
  { name: 'PNG of 100 MB of XMP', make: () => pngOfXmp(100_000_000), verdict: 'maxMetadataBytes' },
  {
    name: 'PNG with a profile of 100 MB',
    make: () => pngOfProfile(100_000_000),
    verdict: 'maxMetadataBytes',
  },
  {
    name: 'interlaced PNG of 100 MP, 16 bits',
    make: () => interlacedPng(10_000, 10_000),
    verdict: 'maxPictureMb',
  },
  { name: 'interlaced PNG of 36 MP, 16 bits', make: () => interlacedPng(6000, 6000), verdict: 'processed' },
  { name: 'TIFF of 100,000 directories', make: () => tiffOfDirectories(100_000), verdict: 'maxFrames' },
  { name: 'TIFF whose directories form a loop', make: () => tiffOfDirectories(100, 8), verdict: 'processed' },
  {
    name: 'TIFF of 50,000 nested directories',
    make: () => tiffOfNestedDirectories(50_000),
    verdict: 'maxFrames',
  },
  {
    name: 'TIFF of 4,900 nested directories',
    make: () => tiffOfNestedDirectories(4900),
    verdict: 'processed',
  },
  { name: 'TIFF of 500 channels', make: () => tiffOfChannels(500, 500), verdict: 'maxChannels' },
  { name: 'TIFF of 16 channels', make: () => tiffOfChannels(16, 2000), verdict: 'processed' },
  { name: 'TIFF of 81 MP in one strip', make: () => tiffOfOneStrip(9000, 9000), verdict: 'maxPictureMb' },
  { name: 'TIFF of 25 MP in one strip', make: () => tiffOfOneStrip(5000, 5000), verdict: 'processed' },
  { name: 'AVIF that claims 81 MP', make: () => avifOfSize(9000, 9000), verdict: 'maxPictureMb' },
  { name: 'AVIF of 25 MP', make: () => largeAvif(5000, 5000), verdict: 'processed' },
  { name: 'AVIF of 100,000 nested boxes', make: () => avifOfNestedBoxes(100_000), verdict: 'invalid' },
];

/** Photos that people take. */
export const LEGITIMATE: readonly Omit<Kind, 'verdict'>[] = [
  { name: 'JPEG of 100 MP', make: () => photo(12_240, 8160).jpeg({ quality: 80 }).toBuffer() },
  { name: 'JPEG of 12 MP', make: () => photo(4000, 3000).jpeg({ quality: 90 }).toBuffer() },
  {
    name: 'turned progressive JPEG of 24 MP',
    make: () => photo(6000, 4000).withMetadata({ orientation: 6 }).jpeg({ progressive: true }).toBuffer(),
  },
  { name: 'PNG of 50 MP', make: () => photo(8640, 5760).png({ compressionLevel: 4 }).toBuffer() },
  { name: 'WebP of 24 MP', make: () => photo(6000, 4000).webp({ effort: 0 }).toBuffer() },
];

function photo(width: number, height: number) {
  return sharp(sampleBytes(1)).resize(width, height, { fit: 'fill' });
}
