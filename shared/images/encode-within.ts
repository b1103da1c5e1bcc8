import { encodeJpeg } from './encode.ts';
import type { Raster, Size } from './image.ts';

/** What a service takes. */
export interface JpegLimits {
  readonly maxBytes: number;
  /** Pixels of the longest side. */
  readonly maxSide: number;
}

/** A JPEG and its size in pixels. */
export interface EncodedPicture extends Size {
  readonly bytes: Uint8Array;
}

const QUALITIES = [90, 80, 70];
const SHRINK = 0.8;

/** The raster as the best JPEG within the limits. */
export async function encodeWithin(raster: Raster, limits: JpegLimits): Promise<EncodedPicture> {
  let side = Math.min(limits.maxSide, Math.max(raster.width, raster.height));
  for (;;) {
    for (const quality of QUALITIES) {
      const bytes = await encodeJpeg(raster, { quality, maxSide: side });
      if (bytes.length <= limits.maxBytes) return { bytes, ...sizeWithin(raster, side) };
    }
    side = Math.max(1, Math.floor(side * SHRINK));
  }
}

/** The size that a picture gets when it is fitted into a square. */
function sizeWithin({ width, height }: Size, side: number): Size {
  const scale = Math.min(1, side / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
