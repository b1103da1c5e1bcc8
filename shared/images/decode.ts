import type { OutputInfo, Sharp } from 'sharp';
import { decodeDamagedJpeg } from './damaged-jpeg.ts';
import type { ImageBounds, Raster, UprightImage } from './image.ts';
import { isJpegDamage, undecodable } from './inspect/errors.ts';
import type { ImageHeader } from './inspect/header.ts';
import { loadSharp } from './sharp.ts';

/**
 * Decodes a file whose header was read: applies the EXIF orientation, converts colours to sRGB, replaces transparency by
 * white, reads only the first frame or page, and scales down to `bounds.rasterSide` while decoding.
 *
 * A JPEG that ends too early or is damaged is decoded as far as possible, and is `partial`. Throws `InvalidImage` with
 * `details.reason`.
 */
export async function decodeInspected(header: ImageHeader, bounds: ImageBounds): Promise<UprightImage> {
  const { width, height, format, storedUpright, preview } = header;
  const { raster, partial } = await decodePixels(header, bounds);
  return { width, height, format, storedUpright, partial, preview, raster };
}

interface Decoded {
  readonly raster: Raster;
  readonly partial?: true;
}

async function decodePixels(header: ImageHeader, bounds: ImageBounds): Promise<Decoded> {
  const { format, bytes } = header.pixels;
  const decode = (failOn: FailOn, given = bytes) => decodeRaster(given, header, bounds, failOn);
  try {
    if (format !== 'jpeg') return { raster: await decode('error') };
    return await decode('warning').then(
      (raster) => ({ raster }),
      async (warning: unknown) => {
        // Most warnings are about harmless deviations, but each of them ends this first attempt.
        const raster = await decodeDamagedJpeg(bytes, (part) => decode('none', part));
        return { raster, partial: isJpegDamage(warning) || undefined };
      },
    );
  } catch (error) {
    throw undecodable(error, bytes, format);
  }
}

type FailOn = 'none' | 'error' | 'warning';

async function decodeRaster(
  bytes: Uint8Array,
  { pixels: { page }, alreadySrgb, hasSpareChannels }: ImageHeader,
  { maxPixels, maxChannels, rasterSide }: ImageBounds,
  failOn: FailOn,
): Promise<Raster> {
  const sharp = await loadSharp();
  const upright = sharp(bytes, {
    page,
    failOn,
    limitInputPixels: maxPixels,
    limitInputChannels: maxChannels,
    ignoreIcc: alreadySrgb,
  })
    .autoOrient()
    .resize(rasterSide, rasterSide, { fit: 'inside', withoutEnlargement: true });
  // Of several further channels nobody knows which one is transparency.
  const opaque = hasSpareChannels ? upright.removeAlpha() : upright.flatten({ background: '#ffffff' });
  const { data, info } = await rawPixels(opaque);
  return { data, width: info.width, height: info.height };
}

/** 8-bit sRGB, whatever the file has: sharp's default. */
function rawPixels(image: Sharp): Promise<{ data: Buffer; info: OutputInfo }> {
  return image.raw().toBuffer({ resolveWithObject: true });
}
