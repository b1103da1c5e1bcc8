import { AppError } from '../../runtime/errors.ts';
import { isTruncated } from '../format.ts';
import type { ImageBounds, ImageFormat } from '../image.ts';

/** Why a file is no image; in `details.reason` of an `InvalidImage`. */
export type InvalidImageReason = 'empty' | 'unknown-format' | 'refused-format' | 'truncated' | 'corrupt';

/** The bounds that are compared with a count. */
export type CountedBound = Exclude<keyof ImageBounds, 'rasterSide' | 'maxPictureSeconds'>;

const UNITS: Record<CountedBound, string> = {
  maxBytes: 'bytes',
  maxPixels: 'pixels',
  maxSide: 'pixels on its longest side',
  maxPictureMb: 'MB to be held in memory while it is decoded',
  maxScans: 'scans',
  maxFrames: 'frames, pages or directories',
  maxChannels: 'channels',
  maxMetadataBytes: 'bytes of metadata',
};

/** Throws `ImageTooLarge` above the bound. */
export function assertWithin(bound: CountedBound, actual: number, limit: number): void {
  if (actual <= limit) return;
  throw new AppError(
    'ImageTooLarge',
    `The image has ${actual} ${UNITS[bound]}, more than the ${limit} that ${bound} allows.`,
    { details: { bound, limit, actual } },
  );
}

/** What decoders, GLib, the runtime of the networks and V8 say when the process may not have more memory. */
export const LACK_OF_MEMORY =
  /out of memory|insufficient memory|bad_alloc|failed to allocate|cannot allocate|unable to create thread|array buffer allocation failed/i;

/** What libvips says of sound files that it was not built for, or that have no conversion to sRGB. */
const UNSUPPORTED =
  /not configured|not implemented|built without|no known route|samples out of range|bad labq format|unsupported (?!image format)/i;

/** Warnings of libjpeg after which pixels are missing or wrong. A few extra bytes before a marker are padding. */
const JPEG_DAMAGE =
  /premature end|bad Huffman code|bad arithmetic code|instead of RST|\d{3,} extraneous bytes|bogus/i;

export function isJpegDamage(error: unknown): boolean {
  return JPEG_DAMAGE.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function invalidImage(
  reason: InvalidImageReason,
  explanation: string,
  details: Readonly<Record<string, string | number>> = {},
  cause?: unknown,
): AppError {
  return new AppError('InvalidImage', `The object is not a valid image: ${explanation}.`, {
    details: { reason, ...details },
    cause,
  });
}

/** Converts a decoder's error into a permanent one, unless the machine failed and not the file. */
export function undecodable(error: unknown, bytes: Uint8Array, format: ImageFormat): unknown {
  const message = messageOf(error);
  if (LACK_OF_MEMORY.test(message)) return error;
  const details = { format, bytes: bytes.length };
  const ended = /premature end|unexpected end/i.test(message) || isTruncated(format, bytes);
  if (ended) return invalidImage('truncated', `the ${format} file ends too early`, details, error);
  if (UNSUPPORTED.test(message)) {
    return invalidImage('refused-format', `a ${format} file of this kind is not accepted`, details, error);
  }
  return invalidImage('corrupt', `the ${format} file is damaged`, details, error);
}
