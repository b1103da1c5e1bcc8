import type { EncodedPicture, JpegLimits } from '../../../images/encode-within.ts';
import type { PictureFacts, Size } from '../../../images/image.ts';
import type { ImageSource } from '../../picture.ts';

/** A picture on its way to the service; faces come back in pixels of `width` × `height`. */
export type SentPicture = (Size & { readonly url: string }) | EncodedPicture;

/** The file itself, when the service takes it as it is; else undefined. */
export function fileAsStored(
  { format, storedUpright, width, height }: PictureFacts,
  source: ImageSource | undefined,
  { maxBytes, maxSide }: JpegLimits,
): SentPicture | undefined {
  if (!source || source.bytes > maxBytes || Math.max(width, height) > maxSide) return undefined;
  // No source says whether the service looks at EXIF's orientation, so it is never given the choice.
  if (!storedUpright || (format !== 'jpeg' && format !== 'png')) return undefined;
  return { url: source.url, width, height };
}
