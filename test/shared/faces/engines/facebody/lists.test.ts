import { describe, expect, test } from 'vitest';
import { type RecognizedLists, toFaces } from '../../../../../shared/faces/engines/facebody/lists.ts';
import type { AttributeName } from '../../../../../shared/faces/face.ts';
import type { UprightImage } from '../../../../../shared/images/image.ts';

const SENT = { width: 100, height: 50 };
/** Twice as large as the sent picture. */
const IMAGE: UprightImage = {
  width: 200,
  height: 100,
  format: 'jpeg',
  raster: { data: new Uint8Array(100 * 50 * 3), ...SENT },
};
const ALL = new Set<AttributeName>(['age', 'gender', 'expression', 'glasses', 'hat', 'mask']);

/** Two faces with all fields of RecognizeFace. */
function answer(changes: Partial<RecognizedLists> = {}): RecognizedLists {
  return {
    faceCount: 2,
    faceProbabilityList: [0.9, 0.8],
    faceRectangles: [10, 10, 20, 20, 60, 5, 50, 40],
    poseList: [5, -3, 1, 40, 0, -20],
    pupils: [25, 15, 1, 15, 15, 1, 70, 20, 2, 90, 21, 2],
    landmarkCount: 105,
    landmarks: [...points(10, 10), ...points(60, 5)],
    qualities: { scoreList: [98, 40] },
    ageList: [31, 62],
    genderList: [0, 1],
    expressions: [1, 0],
    glasses: [2, 0],
    hatList: [1, 0],
    masks: [0, 2],
    ...changes,
  };
}

/** 105 points: a nose around (dx + 10, dy + 10) and a mouth from dx + 5 to dx + 15. */
function points(dx: number, dy: number): number[] {
  return Array.from({ length: 105 }, (_, i) => {
    if (i >= 56 && i < 62) return [dx + 10, dy + 10];
    if (i >= 62 && i < 96) return [dx + 5 + ((i * 7) % 34) * (10 / 33), dy + 15];
    return [dx, dy];
  }).flat();
}

test('boxes and points are in pixels of the upright image, and boxes are clamped', () => {
  const faces = toFaces(answer(), SENT, IMAGE, ALL);

  expect(faces).toHaveLength(2);
  expect(faces[0]).toMatchObject({
    box: { x: 20, y: 20, width: 40, height: 40 },
    probability: 0.9,
    pose: { yaw: 5, pitch: -3, roll: 1 },
    quality: 0.98,
    attributes: {
      age: 31,
      gender: { value: 'female' },
      expression: { value: 'happy' },
      glasses: 'sunglasses',
      hat: true,
      mask: 'none',
    },
  });
  expect(faces[1]).toMatchObject({
    box: { x: 120, y: 10, width: 80, height: 80 },
    attributes: {
      gender: { value: 'male' },
      expression: { value: 'neutral' },
      glasses: 'none',
      hat: false,
      mask: 'incorrect',
    },
  });
});

test('eyes and corners of the mouth follow from their positions, whatever their order', () => {
  const [face] = toFaces(answer(), SENT, IMAGE, ALL);

  expect(face!.keypoints).toEqual({
    leftEye: { x: 30, y: 30 },
    rightEye: { x: 50, y: 30 },
    nose: { x: 40, y: 40 },
    mouthLeft: { x: 30, y: 50 },
    mouthRight: { x: 50, y: 50 },
  });
  expect(face!.landmarks).toHaveLength(105);
});

test('a face has only the requested attributes', () => {
  const [face] = toFaces(answer(), SENT, IMAGE, new Set(['age'] as const));

  expect(face!.attributes).toEqual({ age: 31 });
});

describe('incomplete answer', () => {
  test.each<[keyof RecognizedLists, keyof ReturnType<typeof toFaces>[number]]>([
    ['poseList', 'pose'],
    ['qualities', 'quality'],
    ['landmarks', 'landmarks'],
    ['pupils', 'keypoints'],
  ])('without %s a face has no %s', (list, field) => {
    const empty = list === 'qualities' ? {} : [];

    const absent = toFaces(answer({ [list]: undefined }), SENT, IMAGE, ALL);
    const without = toFaces(answer({ [list]: empty }), SENT, IMAGE, ALL);

    expect(absent[0]![field]).toBeUndefined();
    expect(without[0]![field]).toBeUndefined();
  });

  test.each<[keyof RecognizedLists, AttributeName]>([
    ['ageList', 'age'],
    ['genderList', 'gender'],
    ['expressions', 'expression'],
    ['glasses', 'glasses'],
    ['hatList', 'hat'],
    ['masks', 'mask'],
  ])('without %s a face has no %s', (list, attribute) => {
    const [face] = toFaces(answer({ [list]: [] }), SENT, IMAGE, ALL);

    expect(Object.keys(face!.attributes)).not.toContain(attribute);
    expect(Object.keys(face!.attributes)).toHaveLength(5);
  });

  test('an attribute with an unknown number is absent', () => {
    const [face] = toFaces(answer({ glasses: [7, 0], masks: [-1, 0] }), SENT, IMAGE, ALL);

    expect(face!.attributes).not.toHaveProperty('glasses');
    expect(face!.attributes).not.toHaveProperty('mask');
  });
});

test.each<[string, Partial<RecognizedLists>]>([
  ['fewer rectangles', { faceRectangles: [10, 10, 20, 20] }],
  ['fewer probabilities', { faceProbabilityList: [] }],
])('an answer with %s than faces is rejected', (_, changes) => {
  expect(() => toFaces(answer(changes), SENT, IMAGE, ALL)).toThrow(
    expect.objectContaining({ code: 'ServiceUnavailable' }),
  );
});
