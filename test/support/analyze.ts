import sharp from 'sharp';
import type { FaceEngine } from '../../shared/faces/engine.ts';
import type { Face } from '../../shared/faces/face.ts';
import { type AnalyzeOptions, type DecodedPicture, withPicture } from '../../shared/faces/picture.ts';
import { pictureOf } from '../../shared/faces/pictures/in-process.ts';
import { DEFAULT_IMAGE_BOUNDS, type ImageBounds, type UprightImage } from '../../shared/images/image.ts';
import { blankImage } from './photos.ts';

/** The faces of a file, or of pixels, which are made a file that changes none of them. */
export async function analyze(
  engine: FaceEngine,
  given: Uint8Array | UprightImage,
  options: AnalyzeOptions,
  bounds: Partial<ImageBounds> = {},
): Promise<Face[]> {
  const file = given instanceof Uint8Array ? given : await fileOf(given);
  // Pixels are taken as they are, however wide.
  const rasterSide =
    given instanceof Uint8Array ? DEFAULT_IMAGE_BOUNDS.rasterSide : DEFAULT_IMAGE_BOUNDS.maxSide;
  const opening = engine.open(file, {
    bounds: { ...DEFAULT_IMAGE_BOUNDS, rasterSide, ...bounds },
    signal: options.signal,
  });
  return withPicture(opening, (picture) => picture.faces(options));
}

/** An open picture of these pixels, whose faces nobody asks for. */
export function openPixels(image: UprightImage): DecodedPicture {
  return pictureOf(image, { analyze: () => Promise.reject(new Error('nobody asks for faces')) });
}

function fileOf({ raster: { data, width, height } }: UprightImage): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 1 })
    .toBuffer();
}

export function blankPicture(width?: number, height?: number): DecodedPicture {
  return openPixels(blankImage(width, height));
}
