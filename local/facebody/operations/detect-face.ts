import type { PictureRule } from '../pictures.ts';
import { faceLists, landmarkLists, poseList, qualityLists, qualityOf } from './lists.ts';
import type { Operation } from './operation.ts';

/** doc: JPEG, PNG or BMP of up to 30 MB, above 32 and below 8192 pixels; faces of at least 64 × 64 pixels. */
const RULE: PictureRule = { maxBytes: 30 * 1024 * 1024, below: 8192, above: 32, formats: ['jpeg', 'png'] };
const MIN_FACE_SIDE = 64;
/** doc: 1 to 30; the schema of the SDK's metadata allows 40. */
const MAX_FACES = 40;

export const detectFace: Operation = async ({ form, host, pictures }) => {
  const file = await pictures.download(form.requiredText('ImageURL'), host);
  const maxFaces = form.integer('MaxFaceNumber', { min: 1, max: MAX_FACES }) ?? MAX_FACES;
  const found = await pictures.faces(file, RULE, { attributes: [], embeddings: false });
  const faces = found
    .filter(({ box }) => Math.min(box.width, box.height) >= MIN_FACE_SIDE)
    .slice(0, maxFaces);
  // guess: an absent flag counts as set.
  const wants = (name: string) => !form.has(name) || form.flag(name);
  return {
    ...faceLists(faces),
    ...(wants('Landmark') && { ...landmarkLists(faces), LandmarkScore: faces.map(qualityOf) }),
    ...(wants('Pose') && { PoseList: poseList(faces) }),
    ...(wants('Quality') && { Qualities: qualityLists(faces) }),
  };
};
