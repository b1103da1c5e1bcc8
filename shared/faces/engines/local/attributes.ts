import type { Raster } from '../../../images/image.ts';
import type { AttributeName, Expression, FaceAttributes } from '../../face.ts';
import { distance } from './geometry.ts';
import type { RasterKeypoints } from './landmarks.ts';
import { cropSquare, type Planes } from './sample.ts';
import type { Net } from './session.ts';

const SIDE = 112;
const DIMS = [1, 3, SIDE, SIDE] as const;

/** In the order of the network's outputs. Source: face-api, `FACE_EXPRESSION_LABELS`. */
const EXPRESSIONS = [
  'neutral',
  'happy',
  'sad',
  'angry',
  'fearful',
  'disgusted',
  'surprised',
] as const satisfies readonly Expression[];

export interface AttributeNets {
  readonly ageGender: Net;
  readonly expression: Net;
}

/** Attributes of one face. Runs only the networks that the requested attributes need. */
export async function describe(
  nets: AttributeNets,
  raster: Raster,
  keypoints: RasterKeypoints,
  requested: ReadonlySet<AttributeName>,
): Promise<FaceAttributes> {
  const needsAgeGender = requested.has('age') || requested.has('gender');
  const needsExpression = requested.has('expression');
  if (!needsAgeGender && !needsExpression) return {};

  const pixels = cropFace(raster, keypoints);
  const { age, gender } = needsAgeGender ? await readAgeGender(nets.ageGender, pixels) : {};
  return {
    ...(requested.has('age') && { age }),
    ...(requested.has('gender') && { gender }),
    ...(needsExpression && { expression: await readExpression(nets.expression, pixels) }),
  };
}

async function readAgeGender(net: Net, pixels: Planes): Promise<Pick<FaceAttributes, 'age' | 'gender'>> {
  const outputs = await net.run(pixels, DIMS);
  const male = outputs.gender![0]!;
  return {
    age: Math.max(0, outputs.age![0]!),
    gender: male >= 0.5 ? { value: 'male', probability: male } : { value: 'female', probability: 1 - male },
  };
}

async function readExpression(net: Net, pixels: Planes): Promise<FaceAttributes['expression']> {
  const probabilities = (await net.run(pixels, DIMS)).expression!;
  const probability = Math.max(...probabilities);
  return { value: EXPRESSIONS[probabilities.indexOf(probability)]!, probability };
}

/**
 * The square that the attribute networks expect. Its side depends on the distance between eyes and mouth, which varies
 * less than the detector's box. Source: face-api, `FaceLandmarks.alignDlib`.
 */
function cropFace(raster: Raster, { leftEye, rightEye, mouth }: RasterKeypoints): Planes {
  const side = (distance(leftEye, mouth) + distance(rightEye, mouth)) / 0.9;
  const x = (leftEye.x + rightEye.x + mouth.x) / 3 - side / 2;
  const y = (leftEye.y + rightEye.y + mouth.y) / 3 - 0.43 * side;
  return cropSquare(raster, x, y, side, SIDE);
}
