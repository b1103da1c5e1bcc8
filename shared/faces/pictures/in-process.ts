import { cropFace } from '../../images/crop.ts';
import { decodeInspected } from '../../images/decode.ts';
import { encodeWithin } from '../../images/encode-within.ts';
import type { ImageBounds, UprightImage } from '../../images/image.ts';
import type { ImageHeader } from '../../images/inspect/header.ts';
import { readHeader } from '../../images/inspect/header.ts';
import { renderPictures } from '../../images/render.ts';
import { loadSharp } from '../../images/sharp.ts';
import { sharpnessOf } from '../../images/sharpness.ts';
import { assertNotAborted } from '../../runtime/abort.ts';
import type { FaceEngine, RasterEngine } from '../engine.ts';
import type { Picture } from '../picture.ts';

/**
 * An engine that decodes, analyzes and draws in this process, where nothing can stop a decoder: for a process that serves
 * pictures to another, for tests and for benchmarks.
 */
export function engineInProcess(engine: RasterEngine): FaceEngine & Pick<RasterEngine, 'analyze'> {
  return {
    ...engine,
    async warmUp() {
      await Promise.all([engine.warmUp(), loadSharp()]);
    },
    async open(bytes, { bounds, signal }) {
      assertNotAborted(signal, 'decoding');
      return decodePicture(await readHeader(bytes, bounds), bounds, engine);
    },
  };
}

/** The second half of opening, for a file whose header was read. */
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
