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

export function invalidImage(
  reason: InvalidImageReason,
  explanation: string,
  details: Readonly<Record<string, string | number>> = {},
  cause?: unknown,
): AppError {
  return new AppError('InvalidImage', `The object is no image: ${explanation}.`, {
    details: { reason, ...details },
    cause,
  });
}

/** What a decoder said, as a permanent error, unless this machine failed and not the file. */
export function undecodable(error: unknown, bytes: Uint8Array, format: ImageFormat): unknown {
  const message = error instanceof Error ? error.message : String(error);
  if (/out of memory|unable to create thread/i.test(message)) return error;
  const details = { format, bytes: bytes.length };
  const ended = /premature end|unexpected end/i.test(message) || isTruncated(format, bytes);
  return ended
    ? invalidImage('truncated', `the ${format} file ends too early`, details, error)
    : invalidImage('corrupt', `the ${format} file is damaged`, details, error);
}
