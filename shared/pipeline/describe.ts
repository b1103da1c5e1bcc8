import type { OssObjectEvent } from '../envelope/event.ts';
import type { Box, Face, FaceAttributes, Point } from '../faces/face.ts';
import type { Match } from '../faces/gallery/match.ts';
import type { UprightImage } from '../images/image.ts';
import type { ResultDocument } from '../results/document.ts';
import type { ResultKeys } from '../results/keys.ts';
import type { AppError } from '../runtime/errors.ts';
import type { FetchedObject } from './fetch.ts';
import type { PipelineOptions } from './options.ts';

type SourceSection = ResultDocument['source'];
type FaceSection = ResultDocument['faces'][number];

/** As far as the work came: a picture that could not be decoded has no width. */
export function describeSource(
  { bucket, key, region, requestId, eventTime, etag, versionId, size }: OssObjectEvent,
  fetched?: FetchedObject,
  image?: UprightImage,
): SourceSection {
  const known = { etag: fetched?.head.etag ?? etag, versionId: fetched?.head.versionId ?? versionId };
  return {
    bucket,
    key,
    region,
    requestId,
    eventTime,
    etag: known.etag,
    versionId: known.versionId,
    ...(fetched && { sha256: fetched.sha256 }),
    ...((fetched || size !== undefined) && { size: fetched?.head.size ?? size }),
    ...(image && { format: image.format, width: image.width, height: image.height }),
  };
}

export function describeFaces(
  faces: readonly Face[],
  options: Pick<PipelineOptions, 'pose' | 'quality' | 'landmarks' | 'crops' | 'attributes'>,
  keys: ResultKeys,
  matches?: readonly Match[],
): FaceSection[] {
  return faces.map(({ box, probability, keypoints, landmarks, pose, quality, attributes }, index) => ({
    box: wholePixels(box),
    probability: round(probability, 4),
    ...(keypoints && {
      keypoints: {
        leftEye: roundPoint(keypoints.leftEye),
        rightEye: roundPoint(keypoints.rightEye),
        nose: roundPoint(keypoints.nose),
        mouthLeft: roundPoint(keypoints.mouthLeft),
        mouthRight: roundPoint(keypoints.mouthRight),
      },
    }),
    ...(options.landmarks && landmarks && { landmarks: landmarks.map(roundPoint) }),
    ...(options.pose &&
      pose && { pose: { yaw: round(pose.yaw), pitch: round(pose.pitch), roll: round(pose.roll) } }),
    ...(options.quality && quality !== undefined && { quality: round(quality, 3) }),
    attributes: describeAttributes(attributes, options.attributes),
    ...(matches && { match: matches[index]! }),
    ...(options.crops && { crop: keys.crop(index) }),
  }));
}

/** An engine may know more than was asked; what configuration leaves out is not written. */
function describeAttributes(
  known: FaceAttributes,
  wanted: readonly (keyof FaceAttributes)[],
): FaceAttributes {
  const { age, gender, expression, glasses, hat, mask } = known;
  const wants = (name: keyof FaceAttributes) => wanted.includes(name);
  return {
    ...(age !== undefined && wants('age') && { age: round(age) }),
    ...(gender && wants('gender') && { gender: describeChoice(gender) }),
    ...(expression &&
      wants('expression') && {
        expression: describeChoice(expression),
      }),
    ...(glasses && wants('glasses') && { glasses }),
    ...(hat !== undefined && wants('hat') && { hat }),
    ...(mask && wants('mask') && { mask }),
  };
}

function describeChoice<T>({ value, probability }: { value: T; probability?: number }) {
  return { value, ...(probability !== undefined && { probability: round(probability, 3) }) };
}

export function describeFailure({ code, message }: AppError): { code: string; message: string } {
  return { code, message };
}

/** Edges are rounded, not sizes, so that a box inside the picture stays inside. */
function wholePixels({ x, y, width, height }: Box): Box {
  const left = Math.round(x);
  const top = Math.round(y);
  return { x: left, y: top, width: Math.round(x + width) - left, height: Math.round(y + height) - top };
}

function roundPoint({ x, y }: Point): Point {
  return { x: round(x), y: round(y) };
}

function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
