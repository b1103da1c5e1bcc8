import { type ImageFormat, MEGABYTE } from '../image.ts';
import type { FileCounts } from './counts.ts';

/** What a decoder says of a picture before it decodes it. */
export interface PixelLayout {
  readonly format: ImageFormat;
  /** Pixels, as stored. */
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bytesPerChannel: number;
  readonly isTurned: boolean;
}

/** Buffers of every decoder. */
const EVERY_PICTURE = 24 * MEGABYTE;
/** Rows that are held while a picture is scaled down, where its decoder cannot do it. */
const SCALED_ROWS = 1500;

/**
 * The highest memory of decoding, in bytes, from measurements of each format at 12, 25 and 100 megapixels
 * (docs/pictures.md). What was measured is below it by up to a third, and never above.
 */
export function estimateMemory(layout: PixelLayout, counts: FileCounts, rasterSide: number): number {
  const { format, width, height, channels, bytesPerChannel, isTurned } = layout;
  const { heldBytes = 0, heldBytesPerPixel = 0, metadataBytes = 0 } = counts;
  const pixels = width * height;
  const row = width * channels * bytesPerChannel;
  const scaledRows = Math.min(height, SCALED_ROWS) * row;
  const raster = Math.min(pixels, rasterSide ** 2) * 3;
  // A JPEG is scaled while it is decoded, to less than twice the raster's sides.
  const turned = format === 'jpeg' ? 4 * raster : pixels * channels * bytesPerChannel;
  const costs: Record<ImageFormat, number> = {
    jpeg: heldBytes,
    png: heldBytes * 1.1 + scaledRows,
    webp: 32 * MEGABYTE + heldBytesPerPixel * pixels,
    gif: 4.6 * pixels,
    tiff: 2 * heldBytes + scaledRows,
    avif: 19 * pixels,
  };
  return Math.ceil(EVERY_PICTURE + raster + costs[format] + (isTurned ? turned : 0) + metadataBytes);
}
