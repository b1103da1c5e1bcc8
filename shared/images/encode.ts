import type { Raster } from './image.ts';
import { loadSharp } from './sharp.ts';

export interface JpegOptions {
  /** 1 to 100. */
  readonly quality: number;
  /** Longest side in pixels; a larger raster is scaled down. Default: unlimited. */
  readonly maxSide?: number;
}

/**
 * Encodes a raster as JPEG, without metadata.
 *
 * Uses the standard Huffman tables: optimized tables save 13 % of the bytes and double the time (19 instead of 9 ms
 * at 1920 pixels).
 */
export async function encodeJpeg(raster: Raster, { quality, maxSide }: JpegOptions): Promise<Buffer> {
  const sharp = await loadSharp();
  const { data, width, height } = raster;
  const pixels = sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  if (maxSide !== undefined && Math.max(width, height) > maxSide) {
    pixels.resize(maxSide, maxSide, { fit: 'inside' });
  }
  return pixels.jpeg({ quality, optimiseCoding: false }).toBuffer();
}
