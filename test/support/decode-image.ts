import { decodeInspected } from '../../shared/images/decode.ts';
import type { ImageBounds, UprightImage } from '../../shared/images/image.ts';
import { readHeader } from '../../shared/images/inspect/header.ts';

/** Inspects and decodes a file in this process, where nothing can stop a decoder. */
export async function decodeImage(bytes: Uint8Array, bounds: ImageBounds): Promise<UprightImage> {
  return decodeInspected(await readHeader(bytes, bounds), bounds);
}
