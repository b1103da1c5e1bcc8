import { AppError } from '../runtime/errors.ts';
import { isTruncated, sniffFormat } from './format.ts';
import { isSrgbProfile } from './icc.ts';
import type { ImageBounds, ImageFormat, Raster, UprightImage } from './image.ts';
import { loadSharp } from './sharp.ts';

/** Why a file is not a valid image; stands in `details.reason` of `InvalidImage`. */
type InvalidImageReason = 'empty' | 'unknown-format' | 'refused-format' | 'truncated' | 'corrupt';

/** AVIF needs more memory per pixel than any other format, because it is decoded in one piece. */
const AVIF_WEIGHT = 4;

/**
 * Decodes an uploaded file: applies the EXIF orientation, converts colours to sRGB, replaces transparency by white,
 * reads only the first frame or page, and scales down to `bounds.rasterSide` while decoding.
 *
 * The format comes from the first bytes and the size from the header, so a file beyond the bounds is rejected before
 * it is decoded. Mere warnings of the decoder are ignored.
 *
 * Throws `InvalidImage` with `details.reason`, and `ImageTooLarge` with `details.bound`, `limit` and `actual`.
 */
export async function decodeImage(bytes: Uint8Array, bounds: ImageBounds): Promise<UprightImage> {
  within('maxBytes', bytes.length, bounds.maxBytes);
  const format = knownFormat(bytes);
  const { width, height, storedUpright, alreadySrgb } = await probe(bytes, format);
  within('maxSide', Math.max(width, height), bounds.maxSide);
  if (format === 'avif') within('maxPixels', width * height, bounds.maxPixels / AVIF_WEIGHT, ' for AVIF');
  within('maxPixels', width * height, bounds.maxPixels);
  return {
    width,
    height,
    format,
    storedUpright,
    raster: await decodeRaster(bytes, format, alreadySrgb, bounds),
  };
}

function knownFormat(bytes: Uint8Array): ImageFormat {
  if (bytes.length === 0) throw invalid('empty', 'the file is empty');
  const format = sniffFormat(bytes);
  switch (format) {
    case undefined:
      throw invalid('unknown-format', `its ${bytes.length} bytes start like no known image format`);
    case 'heic':
    case 'svg':
    case 'pdf':
    case 'bmp':
    case 'jpeg-xl':
      throw invalid('refused-format', `${format} is not accepted`, { format });
    default:
      return format;
  }
}

interface Probe {
  /** Width and height of the upright image, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly storedUpright: boolean;
  /** The embedded profile is sRGB, so colours need no conversion. */
  readonly alreadySrgb: boolean;
}

/** Reads only the header. */
async function probe(bytes: Uint8Array, format: ImageFormat): Promise<Probe> {
  const sharp = await loadSharp();
  try {
    // The caller checks the number of pixels, because sharp's own error does not contain it.
    const {
      autoOrient,
      orientation = 1,
      space,
      icc,
    } = await sharp(bytes, { limitInputPixels: false }).metadata();
    const storedUpright = orientation === 1;
    return {
      ...autoOrient,
      storedUpright,
      alreadySrgb: space === 'srgb' && icc !== undefined && isSrgbProfile(icc),
    };
  } catch (error) {
    throw undecodable(error, bytes, format);
  }
}

async function decodeRaster(
  bytes: Uint8Array,
  format: ImageFormat,
  alreadySrgb: boolean,
  bounds: ImageBounds,
): Promise<Raster> {
  const sharp = await loadSharp();
  try {
    const { data, info } = await sharp(bytes, {
      failOn: 'error',
      limitInputPixels: bounds.maxPixels,
      ignoreIcc: alreadySrgb,
    })
      .timeout({ seconds: bounds.timeoutSeconds })
      .autoOrient()
      .resize(bounds.rasterSide, bounds.rasterSide, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      // sharp's raw pixels are 8-bit sRGB by default, whatever the file contains.
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  } catch (error) {
    const timedOut = messageOf(error).match(/^timeout: (\d+)% complete/);
    if (!timedOut) throw undecodable(error, bytes, format);
    const limit = bounds.timeoutSeconds;
    throw new AppError('ImageTooLarge', `The image was ${timedOut[1]} % decoded after ${limit} s.`, {
      details: { bound: 'timeoutSeconds', limit, completePercent: Number(timedOut[1]) },
      cause: error,
    });
  }
}

const UNITS = { maxBytes: 'bytes', maxSide: 'pixels on its longest side', maxPixels: 'pixels' };

function within(bound: keyof typeof UNITS, actual: number, limit: number, note = ''): void {
  if (actual <= limit) return;
  throw new AppError(
    'ImageTooLarge',
    `The image has ${actual} ${UNITS[bound]}, more than the ${limit} that ${bound} allows${note}.`,
    { details: { bound, limit, actual } },
  );
}

/** Turns a decoder's error into a permanent one, unless the machine failed and not the file. */
function undecodable(error: unknown, bytes: Uint8Array, format: ImageFormat): unknown {
  const message = messageOf(error);
  if (/out of memory|unable to create thread/i.test(message)) return error;
  const ended = /premature end|unexpected end/i.test(message) || isTruncated(format, bytes);
  return ended
    ? invalid('truncated', `the ${format} file ends too early`, { format, bytes: bytes.length }, error)
    : invalid('corrupt', `the ${format} file is damaged`, { format, bytes: bytes.length }, error);
}

function invalid(
  reason: InvalidImageReason,
  explanation: string,
  details: Readonly<Record<string, string | number>> = {},
  cause?: unknown,
): AppError {
  const options = { details: { reason, ...details }, ...(cause === undefined ? {} : { cause }) };
  return new AppError('InvalidImage', `The object is not a valid image: ${explanation}.`, options);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
