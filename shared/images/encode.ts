import type { Raster } from './image.ts';
import { loadSharp } from './sharp.ts';

export interface JpegOptions {
  /** 1 to 100. */
  readonly quality: number;
  /** Scales down to this longest side. */
  readonly maxSide?: number;
}

/**
 * Encodes a raster as JPEG, without any metadata.
 *
 * Huffman tables are the standard ones: tables fitted to the picture save 13 % of the bytes and double the time
 * (19 instead of 9 ms at 1920 px).
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
