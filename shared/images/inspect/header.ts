import { sniffFormat } from '../format.ts';
import { isSrgbProfile } from '../icc.ts';
import { type ImageBounds, type ImageFormat, MEGABYTE } from '../image.ts';
import { loadSharp } from '../sharp.ts';
import type { FileCounts } from './counts.ts';
import { assertWithin, invalidImage, undecodable } from './errors.ts';
import { countGif } from './gif.ts';
import { countJpeg } from './jpeg.ts';
import { estimateMemory } from './memory.ts';
import { countPng } from './png.ts';
import { countTiff } from './tiff.ts';
import { countWebp } from './webp.ts';

/** What is known of a picture before it is decoded. */
export interface ImageHeader {
  /** Pixels of the upright picture. */
  readonly width: number;
  readonly height: number;
  readonly format: ImageFormat;
  /** The file's own pixels are upright too. */
  readonly storedUpright: boolean;
  /** The embedded profile says sRGB, so nothing needs converting. */
  readonly alreadySrgb: boolean;
  /** Bytes of memory that decoding takes, estimated. */
  readonly memoryBytes: number;
}

/** AVIF has no counter: libheif bounds its own structure, and the frames of a sequence are not decoded. */
const COUNTERS: Record<Exclude<ImageFormat, 'avif'>, (bytes: Buffer, bounds: ImageBounds) => FileCounts> = {
  jpeg: countJpeg,
  png: (bytes, { maxMetadataBytes }) => countPng(bytes, maxMetadataBytes),
  webp: countWebp,
  gif: countGif,
  tiff: countTiff,
};

/**
 * Tells the format by the bytes and counts what the file would cost, before a decoder reads more than its header.
 *
 * Errors: `InvalidImage` with `details.reason`; `ImageTooLarge` with `details.bound`, `limit` and `actual`.
 */
export async function readHeader(bytes: Uint8Array, bounds: ImageBounds): Promise<ImageHeader> {
  assertWithin('maxBytes', bytes.length, bounds.maxBytes);
  const format = knownFormat(bytes);
  const counts = countFile(bytes, format, bounds);
  const metadata = await readMetadata(bytes, format);
  const { width, height } = metadata.autoOrient;
  assertWithin('maxSide', Math.max(width, height), bounds.maxSide);
  assertWithin('maxPixels', width * height, bounds.maxPixels);
  assertWithin('maxChannels', metadata.channels, bounds.maxChannels);
  const storedUpright = (metadata.orientation ?? 1) === 1;
  const memoryBytes = estimateMemory(
    {
      format,
      width: metadata.width,
      height: metadata.height,
      channels: metadata.channels,
      bytesPerChannel: BYTES_PER_CHANNEL[metadata.depth] ?? 8,
      isTurned: !storedUpright,
    },
    counts,
    bounds.rasterSide,
  );
  assertWithin('maxPictureMb', Math.ceil(memoryBytes / MEGABYTE), bounds.maxPictureMb);
  const { space, icc } = metadata;
  const alreadySrgb = space === 'srgb' && icc !== undefined && isSrgbProfile(icc);
  return { width, height, format, storedUpright, alreadySrgb, memoryBytes };
}

function knownFormat(bytes: Uint8Array): ImageFormat {
  if (bytes.length === 0) throw invalidImage('empty', 'the file is empty');
  const format = sniffFormat(bytes);
  switch (format) {
    case undefined:
      throw invalidImage('unknown-format', `its ${bytes.length} bytes begin like no known image format`);
    case 'heic':
    case 'svg':
    case 'pdf':
    case 'bmp':
    case 'jpeg-xl':
      throw invalidImage('refused-format', `${format} is not accepted`, { format });
    default:
      return format;
  }
}

function countFile(bytes: Uint8Array, format: ImageFormat, bounds: ImageBounds): FileCounts {
  if (format === 'avif') return {};
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const counts = COUNTERS[format](buffer, bounds);
  assertWithin('maxScans', counts.scans ?? 1, bounds.maxScans);
  assertWithin('maxFrames', counts.frames ?? 1, bounds.maxFrames);
  assertWithin('maxChannels', counts.channels ?? 1, bounds.maxChannels);
  assertWithin('maxMetadataBytes', counts.metadataBytes ?? 0, bounds.maxMetadataBytes);
  return counts;
}

async function readMetadata(bytes: Uint8Array, format: ImageFormat) {
  const sharp = await loadSharp();
  try {
    // Bounds are checked with the figures in hand: sharp's own error names none.
    return await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw undecodable(error, bytes, format);
  }
}

/** By libvips' name of the type of a channel. */
const BYTES_PER_CHANNEL: Readonly<Record<string, number>> = {
  uchar: 1,
  char: 1,
  ushort: 2,
  short: 2,
  uint: 4,
  int: 4,
  float: 4,
};
