import { encodeJpeg } from '../../../images/encode.ts';
import type { UprightImage } from '../../../images/image.ts';
import type { ImageSource } from '../../engine.ts';

/** What an operation takes. */
export interface PictureLimits {
  readonly maxBytes: number;
  /** Pixels of the longest side. */
  readonly maxSide: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

export type EncodedPicture = Size & { readonly bytes: Buffer };

/** A picture on its way to the service; faces come back in pixels of `width` × `height`. */
export type SentPicture = (Size & { readonly url: string }) | EncodedPicture;

/** The file itself, when the service takes it as it is; else undefined. */
export function fileAsStored(
  { format, storedUpright, width, height }: UprightImage,
  source: ImageSource | undefined,
  { maxBytes, maxSide }: PictureLimits,
): SentPicture | undefined {
  if (!source || source.bytes > maxBytes || Math.max(width, height) > maxSide) return undefined;
  // No source says whether the service looks at EXIF's orientation, so it is never given the choice.
  if (!storedUpright || (format !== 'jpeg' && format !== 'png')) return undefined;
  return { url: source.url, width, height };
}

const QUALITIES = [90, 80, 70];
const SHRINK = 0.8;

/** The upright raster as a JPEG within the limits. */
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

/** The size that a picture gets when it is fitted into a square. */
function sizeWithin({ width, height }: Size, side: number): Size {
  const scale = Math.min(1, side / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
