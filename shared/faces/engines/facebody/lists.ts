import type { PictureFacts, Size } from '../../../images/image.ts';
import { AppError } from '../../../runtime/errors.ts';
import type { AttributeName, Face, FaceAttributes, Keypoints, Point } from '../../face.ts';
import { fromFlatList } from './rectangles.ts';

/** Answer of DetectFace: each face has several consecutive entries per list. Any list may be absent or empty. */
export interface DetectedLists {
  readonly faceCount?: number;
  /** 0 to 1. */
  readonly faceProbabilityList?: readonly number[];
  /** Left, top, width and height per face, in pixels of the sent picture. */
  readonly faceRectangles?: readonly number[];
  readonly landmarkCount?: number;
  /** x and y per point. */
  readonly landmarks?: readonly number[];
  /** Yaw, pitch and roll per face, in degrees. */
  readonly poseList?: readonly number[];
  /** x, y and radius of the left and of the right pupil, per face. */
  readonly pupils?: readonly number[];
  /** 0 to 100, higher is better. */
  readonly qualities?: { readonly scoreList?: readonly number[] };
}

/** Answer of RecognizeFace. */
export interface RecognizedLists extends DetectedLists {
  readonly ageList?: readonly number[];
  /** 0 female, 1 male. */
  readonly genderList?: readonly number[];
  /** 0 neutral, 1 smiling. */
  readonly expressions?: readonly number[];
  /** 0 none, 1 glasses, 2 sunglasses. */
  readonly glasses?: readonly number[];
  /** 0 without, 1 with. */
  readonly hatList?: readonly number[];
  /** 0 none, 1 worn, 2 worn incorrectly. */
  readonly masks?: readonly number[];
}

/**
 * The faces of an answer, in pixels of the upright image, with the requested attributes. Throws `ServiceUnavailable`
 * for lists of contradictory lengths.
 */
export function toFaces(
  lists: RecognizedLists,
  sent: Size,
  image: PictureFacts,
  requested: ReadonlySet<AttributeName>,
): Face[] {
  const boxes = fromFlatList(lists.faceRectangles ?? [], sent);
  const count = lists.faceCount ?? boxes.length;
  const probabilities = lists.faceProbabilityList ?? [];
  if (boxes.length !== count || probabilities.length !== count) {
    throw new AppError(
      'ServiceUnavailable',
      `FaceBody returned ${count} faces, but ${boxes.length} rectangles and ${probabilities.length} probabilities`,
    );
  }
  const scale = { x: image.width / sent.width, y: image.height / sent.height };
  const upright = ({ x, y }: Point): Point => ({ x: x * scale.x, y: y * scale.y });
  const poses = runs(lists.poseList, count);
  const pupils = runs(lists.pupils, count);
  const landmarks = runs(lists.landmarks, count);
  const scores = lists.qualities?.scoreList;

  return boxes.map((box, i) => {
    const points = landmarks[i] && pairs(landmarks[i]).map(upright);
    const keypoints = points && pupils[i] && toKeypoints(points, pairs(eyesOf(pupils[i])).map(upright));
    const [yaw, pitch, roll] = poses[i] ?? [];
    const score = scores?.length === count ? scores[i] : undefined;
    return {
      box: { ...upright(box), width: box.width * scale.x, height: box.height * scale.y },
      probability: Math.min(1, Math.max(0, probabilities[i]!)),
      keypoints,
      landmarks: points,
      // The reference documents the ranges of the angles but not their signs. We assume the signs of `Pose`.
      pose: yaw !== undefined && pitch !== undefined && roll !== undefined ? { yaw, pitch, roll } : undefined,
      quality: score === undefined ? undefined : Math.min(1, Math.max(0, score / 100)),
      attributes: toAttributes(lists, i, requested),
    };
  });
}

const GENDERS = ['female', 'male'] as const;
const EXPRESSIONS = ['neutral', 'happy'] as const;
const GLASSES = ['none', 'glasses', 'sunglasses'] as const;
const HATS = [false, true] as const;
const MASKS = ['none', 'worn', 'incorrect'] as const;

function toAttributes(
  lists: RecognizedLists,
  i: number,
  requested: ReadonlySet<AttributeName>,
): FaceAttributes {
  const gender = chosen(GENDERS, lists.genderList?.[i]);
  const expression = chosen(EXPRESSIONS, lists.expressions?.[i]);
  const known: FaceAttributes = {
    age: lists.ageList?.[i],
    gender: gender && { value: gender },
    expression: expression && { value: expression },
    glasses: chosen(GLASSES, lists.glasses?.[i]),
    hat: chosen(HATS, lists.hatList?.[i]),
    mask: chosen(MASKS, lists.masks?.[i]),
  };
  const asked = ([name, value]: [string, unknown]) =>
    value !== undefined && requested.has(name as AttributeName);
  return Object.fromEntries(Object.entries(known).filter(asked));
}

/** Undefined also for an index that the reference does not document. */
function chosen<T>(values: readonly T[], index: number | undefined): T | undefined {
  return index === undefined ? undefined : values[index];
}

/** Of the 105 points, 56 to 61 are the nose and the next 34 are the mouth. */
const NOSE = [56, 62] as const;
const MOUTH = [62, 96] as const;
const ALL = 105;

/**
 * The five named points. The service does not document which eye comes first, nor the order of the mouth's points.
 * Therefore the left eye is the one further left in the picture, and the corners of the mouth are its ends along the
 * line of the eyes.
 */
function toKeypoints(points: readonly Point[], eyes: readonly Point[]): Keypoints | undefined {
  const [leftEye, rightEye] = eyes.toSorted((a, b) => a.x - b.x);
  if (points.length !== ALL || !leftEye || !rightEye) return undefined;
  const along = ({ x, y }: Point) => x * (rightEye.x - leftEye.x) + y * (rightEye.y - leftEye.y);
  const mouth = points.slice(...MOUTH).sort((a, b) => along(a) - along(b));
  return {
    leftEye,
    rightEye,
    nose: meanOf(points.slice(...NOSE)),
    mouthLeft: mouth[0]!,
    mouthRight: mouth.at(-1)!,
  };
}

/** The centres of the pupils, without the radii. */
function eyesOf(pupils: readonly number[]): number[] {
  return pupils.filter((_, i) => i % 3 !== 2);
}

function meanOf(points: readonly Point[]): Point {
  const sum = points.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}

/** Splits a list into `count` parts of equal length; none when it is absent, empty or not divisible. */
function runs(list: readonly number[] = [], count: number): (number[] | undefined)[] {
  const length = list.length / count;
  if (!Number.isInteger(length) || length === 0) return [];
  return Array.from({ length: count }, (_, i) => list.slice(i * length, (i + 1) * length));
}

function pairs(list: readonly number[]): Point[] {
  return Array.from({ length: Math.floor(list.length / 2) }, (_, i) => ({
    x: list[2 * i]!,
    y: list[2 * i + 1]!,
  }));
}
