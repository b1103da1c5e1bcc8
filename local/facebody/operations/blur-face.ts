import { facesOf, type PictureRule } from '../pictures.ts';
import type { Operation } from './operation.ts';

/** doc: up to 3 MB, below 2000 pixels. */
const RULE: PictureRule = { maxBytes: 3 * 1024 * 1024, below: 2000, formats: ['jpeg', 'png'] };

/** doc: returns temporary URLs of the picture with unrecognizable faces and of a mask. guess: how both look. */
export const blurFace: Operation = async ({ form, host, pictures, publish }) => {
  const file = await pictures.download(form.requiredText('ImageURL'), host);
  const { redacted, mask } = await pictures.use(file, RULE, async (picture) => {
    const faces = await facesOf(picture, { attributes: [], embeddings: false });
    const boxes = faces.map(({ box }) => box);
    return picture.render({ redact: boxes, mask: boxes });
  });
  return { ImageURL: publish(Buffer.from(redacted!)), MaskURL: publish(Buffer.from(mask!)) };
};
