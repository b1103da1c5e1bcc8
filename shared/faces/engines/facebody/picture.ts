import { encodeJpeg } from '../../../images/encode.ts';
import type { UprightImage } from '../../../images/image.ts';
import type { ImageSource } from '../../engine.ts';

/** Limits of an operation. */
export interface PictureLimits {
  readonly maxBytes: number;
  /** Longest side, in pixels. */
  readonly maxSide: number;
}

/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export type EncodedPicture = Size & { readonly bytes: Buffer };

/** A picture as the service gets it. The answer's faces are in pixels of `width` × `height`. */
export type SentPicture = (Size & { readonly url: string }) | EncodedPicture;

/** The stored file by URL, if the service accepts it unchanged; otherwise `undefined`. */
export function fileAsStored(
  { format, storedUpright, width, height }: UprightImage,
  source: ImageSource | undefined,
  { maxBytes, maxSide }: PictureLimits,
): SentPicture | undefined {
  if (!source || source.bytes > maxBytes || Math.max(width, height) > maxSide) return undefined;
  // It is not documented whether the service applies the EXIF orientation, so such files are sent upright.
  if (!storedUpright || (format !== 'jpeg' && format !== 'png')) return undefined;
  return { url: source.url, width, height };
}

const QUALITIES = [90, 80, 70];
const SHRINK = 0.8;

/** Encodes the upright raster as a JPEG within the limits. Lowers the quality first, then the size. */
export async function encodePicture(
  { raster }: UprightImage,
  limits: PictureLimits,
): Promise<EncodedPicture> {
  let side = Math.min(limits.maxSide, Math.max(raster.width, raster.height));
  for (;;) {
    for (const quality of QUALITIES) {
      const bytes = await encodeJpeg(raster, { quality, maxSide: side });
      if (bytes.length <= limits.maxBytes) return { bytes, ...sizeWithin(raster, side) };
    }
    side = Math.max(1, Math.floor(side * SHRINK));
  }
}

/** The size of a picture that is scaled down to fit into a square of `side`. */
function sizeWithin({ width, height }: Size, side: number): Size {
  const scale = Math.min(1, side / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
