import { sniffFormat } from '../format.ts';
import { isSrgbProfile } from '../icc.ts';
import { type ImageBounds, type ImageFormat, MEGABYTE } from '../image.ts';
import { loadSharp } from '../sharp.ts';
import type { FileCounts } from './counts.ts';
import { assertWithin, invalidImage, undecodable } from './errors.ts';
import { countGif } from './gif.ts';
import { countJpeg } from './jpeg.ts';
import { estimateMemory, type PixelLayout } from './memory.ts';
import { countPng } from './png.ts';
import { estimateProcessorMs } from './processor-time.ts';
import { choosePicture } from './raw-photo.ts';
import { countDirectory, countTiff } from './tiff.ts';
import { countWebp } from './webp.ts';

/** What is known of a picture before it is decoded. */
export interface ImageHeader {
  /** Pixels of the upright picture. */
  readonly width: number;
  readonly height: number;
  /** Format of the file. */
  readonly format: ImageFormat;
  /** The pixels to decode. */
  readonly pixels: PixelSource;
  /** They are a preview inside a raw photo. */
  readonly preview?: true;
  /** The file stores its pixels upright too, and they are its first picture. */
  readonly storedUpright: boolean;
  /** Channels beyond colour and one for transparency. */
  readonly hasSpareChannels: boolean;
  /** The embedded profile says sRGB, so nothing needs converting. */
  readonly alreadySrgb: boolean;
  /** Estimated memory of decoding in bytes, the file included. */
  readonly memoryBytes: number;
  /** Expected processor time of decoding. */
  readonly processorMs: number;
}

/** A file, or a part of one. */
export interface PixelSource {
  readonly bytes: Uint8Array;
  readonly format: ImageFormat;
  /** Page of a TIFF. @default 0 */
  readonly page?: number;
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
 * Detects the format from the bytes and counts what the file would cost, before a decoder reads more than its header.
 *
 * Throws `InvalidImage` with `details.reason`; `ImageTooLarge` with `details.bound`, `limit` and `actual`.
 */
export async function readHeader(bytes: Uint8Array, bounds: ImageBounds): Promise<ImageHeader> {
  assertWithin('maxBytes', bytes.length, bounds.maxBytes);
  const format = knownFormat(bytes);
  const fileCounts = countFile(bytes, format, bounds);
  const { counts = fileCounts, ...pixels } = choosePixels(bytes, format, bounds);
  const metadata = await readMetadata(pixels, bounds);
  const { width, height } = metadata.autoOrient;
  assertWithin('maxSide', Math.max(width, height), bounds.maxSide);
  assertWithin('maxPixels', width * height, bounds.maxPixels);
  assertWithin('maxChannels', metadata.channels, bounds.maxChannels);
  const isUpright = (metadata.orientation ?? 1) === 1;
  const layout: PixelLayout = {
    format: pixels.format,
    width: metadata.width,
    height: metadata.height,
    channels: metadata.channels,
    bytesPerChannel: BYTES_PER_CHANNEL[metadata.depth] ?? 8,
    isTurned: !isUpright,
  };
  const memoryBytes = estimateMemory(layout, counts, bounds.rasterSide) + bytes.length;
  assertWithin('maxPictureMb', Math.ceil(memoryBytes / MEGABYTE), bounds.maxPictureMb);
  const { space, icc, channels } = metadata;
  return {
    width,
    height,
    format,
    pixels,
    preview: pixels.bytes === bytes ? undefined : true,
    storedUpright: isUpright && pixels.bytes === bytes && !pixels.page,
    alreadySrgb: space === 'srgb' && icc !== undefined && isSrgbProfile(icc),
    hasSpareChannels: channels > (COLOUR_CHANNELS[space] ?? 3) + 1,
    memoryBytes,
    processorMs: estimateProcessorMs(layout, counts),
  };
}

/** The first picture of a file, except for TIFF, where that may be a thumbnail. */
function choosePixels(
  bytes: Uint8Array,
  format: ImageFormat,
  bounds: ImageBounds,
): PixelSource & { readonly counts?: FileCounts } {
  const chosen = format === 'tiff' ? choosePicture(asBuffer(bytes)) : undefined;
  if (!chosen) return { bytes, format };
  if ('page' in chosen) {
    const counts = countDirectory(chosen.directory);
    assertCountsWithin(counts, bounds);
    return { bytes, format, page: chosen.page, counts };
  }
  return { bytes: chosen.preview, format: 'jpeg', counts: countFile(chosen.preview, 'jpeg', bounds) };
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
  const counts = COUNTERS[format](asBuffer(bytes), bounds);
  assertCountsWithin(counts, bounds);
  return counts;
}

function assertCountsWithin(counts: FileCounts, bounds: ImageBounds): void {
  assertWithin('maxScans', counts.scans ?? 1, bounds.maxScans);
  assertWithin('maxFrames', counts.frames ?? 1, bounds.maxFrames);
  assertWithin('maxChannels', counts.channels ?? 1, bounds.maxChannels);
  assertWithin('maxMetadataBytes', counts.metadataBytes ?? 0, bounds.maxMetadataBytes);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function readMetadata({ bytes, format, page }: PixelSource, { maxChannels }: ImageBounds) {
  const sharp = await loadSharp();
  try {
    // The caller checks the number of pixels, because sharp's own error does not contain it.
    const limits = { limitInputPixels: false, limitInputChannels: maxChannels } as const;
    return await sharp(bytes, { ...limits, page }).metadata();
  } catch (error) {
    throw undecodable(error, bytes, format);
  }
}

/** By libvips' name of a colour space. */
const COLOUR_CHANNELS: Readonly<Record<string, number>> = { 'b-w': 1, grey16: 1, cmyk: 4 };

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
