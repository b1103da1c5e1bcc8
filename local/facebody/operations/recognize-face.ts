import type { AttributeName, Face } from '../../../shared/faces/face.ts';
import type { PictureRule } from '../pictures.ts';
import { faceLists, landmarkLists, poseList, qualityLists } from './lists.ts';
import type { Operation } from './operation.ts';

/** doc: JPEG, PNG or BMP of up to 3 MB, below 4096 pixels; at most 10 faces. */
const RULE: PictureRule = { maxBytes: 3 * 1024 * 1024, below: 4096, formats: ['jpeg', 'png'] };
const MAX_FACES = 10;
const ATTRIBUTES: AttributeName[] = ['age', 'gender', 'expression', 'glasses', 'hat', 'mask'];

const FLAGS = ['Age', 'Gender', 'Hat', 'Glass', 'Beauty', 'Expression', 'Mask', 'Quality'] as const;
type Flag = (typeof FLAGS)[number];

/** doc: with only the URL, all about ten faces; with any flag or count, the older form. */
export const recognizeFace: Operation = async ({ form, host, pictures }) => {
  const file = await pictures.download(form.requiredText('ImageURL'), host);
  const count = form.integer('MaxFaceNumber', { min: 1, max: MAX_FACES });
  const found = await pictures.faces(file, RULE, { attributes: ATTRIBUTES, embeddings: false });
  const everything = count === undefined && !FLAGS.some((flag) => form.has(flag));
  if (everything) {
    const faces = found.slice(0, MAX_FACES);
    return {
      ...faceLists(faces),
      ...landmarkLists(faces),
      PoseList: poseList(faces),
      ...describedLists(faces, () => true),
    };
  }
  const faces = found.slice(0, count ?? 1);
  return { ...faceLists(faces), ...describedLists(faces, (flag) => form.flag(flag)) };
};

/** doc: the meaning of the figures, and that a list that was not asked for is empty. */
function describedLists(faces: readonly Face[], wants: (flag: Flag) => boolean) {
  const list = (flag: Flag, value: (face: Face) => number) => (wants(flag) ? faces.map(value) : []);
  return {
    AgeList: list('Age', ({ attributes }) => Math.round(attributes.age ?? 0)),
    GenderList: list('Gender', ({ attributes }) => (attributes.gender?.value === 'male' ? 1 : 0)),
    Expressions: list('Expression', ({ attributes }) => (attributes.expression?.value === 'happy' ? 1 : 0)),
    // guess: an attribute that the engine does not know is reported as absent; the service has no value for unknown.
    Glasses: list('Glass', ({ attributes }) =>
      ['none', 'glasses', 'sunglasses'].indexOf(attributes.glasses ?? 'none'),
    ),
    HatList: list('Hat', ({ attributes }) => (attributes.hat ? 1 : 0)),
    Masks: list('Mask', ({ attributes }) => ['none', 'worn', 'incorrect'].indexOf(attributes.mask ?? 'none')),
    // guess: the middle of the range, because no engine here rates beauty.
    BeautyList: list('Beauty', () => 50),
    Qualities: wants('Quality') ? qualityLists(faces) : {},
  };
}
