import { cropFace } from '../../images/crop.ts';
import { decodeInspected } from '../../images/decode.ts';
import { encodeWithin } from '../../images/encode-within.ts';
import type { ImageBounds, UprightImage } from '../../images/image.ts';
import type { ImageHeader } from '../../images/inspect/header.ts';
import { renderPictures } from '../../images/render.ts';
import { sharpnessOf } from '../../images/sharpness.ts';
import type { RasterEngine } from '../engine.ts';
import type { Picture } from '../picture.ts';

/** Decodes a file whose header was read, in this process. */
export async function decodePicture(
  header: ImageHeader,
  bounds: ImageBounds,
  engine: Pick<RasterEngine, 'analyze'>,
): Promise<Picture> {
  return pictureOf(await decodeInspected(header, bounds), engine);
}

export function pictureOf(image: UprightImage, engine: Pick<RasterEngine, 'analyze'>): Picture {
  return {
    ...image,
    faces: (options) => engine.analyze(image, options),
    sharpness: async (box) => sharpnessOf(image, box),
    encode: (limits) => encodeWithin(image.raster, limits),
    crop: (box, options) => cropFace(image, box, options),
    render: (plan) => renderPictures(image, plan),
    close() {},
  };
}
