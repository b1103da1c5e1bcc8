import type { ImageBounds, Raster, UprightImage } from './image.ts';
import { undecodable } from './inspect/errors.ts';
import { type ImageHeader, readHeader } from './inspect/header.ts';
import { loadSharp } from './sharp.ts';

/**
 * Decodes an uploaded file: EXIF orientation applied, colours converted to sRGB, transparency laid on white, only
 * the first frame or page of several read, and scaled down to `bounds.rasterSide` while decoding.
 *
 * The file is inspected first, so one beyond the bounds is refused before it costs anything. A photo that its decoder
 * merely warns about passes.
 *
 * Errors: `InvalidImage` with `details.reason`; `ImageTooLarge` with `details.bound`, `limit` and `actual`.
 */
export async function decodeImage(bytes: Uint8Array, bounds: ImageBounds): Promise<UprightImage> {
  return decodeInspected(bytes, await readHeader(bytes, bounds), bounds);
}

/** The same for a file whose header was read. */
export async function decodeInspected(
  bytes: Uint8Array,
  header: ImageHeader,
  bounds: ImageBounds,
): Promise<UprightImage> {
  const { width, height, format, storedUpright } = header;
  return { width, height, format, storedUpright, raster: await decodeRaster(bytes, header, bounds) };
}

async function decodeRaster(
  bytes: Uint8Array,
  { format, alreadySrgb }: ImageHeader,
  bounds: ImageBounds,
): Promise<Raster> {
  const sharp = await loadSharp();
  try {
    const { data, info } = await sharp(bytes, {
      failOn: 'error',
      limitInputPixels: bounds.maxPixels,
      ignoreIcc: alreadySrgb,
    })
      .autoOrient()
      .resize(bounds.rasterSide, bounds.rasterSide, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      // sharp's raw pixels are 8-bit sRGB unless told otherwise, whatever the file has.
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  } catch (error) {
    throw undecodable(error, bytes, format);
  }
}
