import type { Face } from '../../../shared/faces/face.ts';
import { encodeJpeg } from '../../../shared/images/encode.ts';
import { coveringPixels, toRaster } from '../../../shared/images/geometry.ts';
import type { UprightImage } from '../../../shared/images/image.ts';
import { redactImage } from '../../../shared/images/redact.ts';
import type { PictureRule } from '../pictures.ts';
import type { Operation } from './operation.ts';

/** doc: up to 3 MB, below 2000 pixels. */
const RULE: PictureRule = { maxBytes: 3 * 1024 * 1024, below: 2000, formats: ['jpeg', 'png'] };

/** doc: returns temporary URLs of the picture with unrecognizable faces and of a mask. guess: how both look. */
export const blurFace: Operation = async ({ form, host, pictures, publish }) => {
  const image = await pictures.fetch(form.requiredText('ImageURL'), RULE, host);
  const faces = await pictures.faces(image, { attributes: [], embeddings: false });
  const boxes = faces.map(({ box }) => box);
  return {
    ImageURL: publish(await redactImage(image, boxes)),
    MaskURL: publish(await maskOf(image, faces)),
  };
};

/** White where faces are, black elsewhere. */
function maskOf(image: UprightImage, faces: readonly Face[]): Promise<Buffer> {
  const { width, height } = image.raster;
  const data = new Uint8Array(width * height * 3);
  for (const { box } of faces) {
    const region = coveringPixels(toRaster(box, image), image.raster);
    for (let y = region.y; y < region.y + region.height; y++) {
      data.fill(255, 3 * (y * width + region.x), 3 * (y * width + region.x + region.width));
    }
  }
  return encodeJpeg({ data, width, height }, { quality: 90 });
}
