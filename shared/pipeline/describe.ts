import type { OssObjectEvent } from '../envelope/event.ts';
import type { AttributeName, Box, Face, FaceAttributes, Point } from '../faces/face.ts';
import type { Match } from '../faces/gallery/match.ts';
import type { PictureFacts } from '../images/image.ts';
import type { ResultDocument } from '../results/document.ts';
import type { ResultKeys } from '../results/keys.ts';
import type { FetchedObject } from './fetch.ts';
import type { PipelineOptions } from './options.ts';

type SourceSection = ResultDocument['source'];
type FaceSection = ResultDocument['faces'][number];

/** What is known so far: a picture that could not be decoded has no width. */
export function describeSource(
  { bucket, key, region, requestId, eventTime, etag, versionId, size }: OssObjectEvent,
  fetched?: FetchedObject,
  picture?: PictureFacts,
): SourceSection {
  return {
    bucket,
    key,
    region,
    requestId,
    eventTime,
    etag: fetched?.head.etag ?? etag,
    versionId: fetched?.head.versionId ?? versionId,
    sha256: fetched?.sha256,
    size: fetched?.head.size ?? size,
    format: picture?.format,
    width: picture?.width,
    height: picture?.height,
    partial: picture?.partial,
    preview: picture?.preview,
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
    keypoints: keypoints && {
      leftEye: roundPoint(keypoints.leftEye),
      rightEye: roundPoint(keypoints.rightEye),
      nose: roundPoint(keypoints.nose),
      mouthLeft: roundPoint(keypoints.mouthLeft),
      mouthRight: roundPoint(keypoints.mouthRight),
    },
    landmarks: options.landmarks ? landmarks?.map(roundPoint) : undefined,
    pose:
      options.pose && pose
        ? { yaw: round(pose.yaw), pitch: round(pose.pitch), roll: round(pose.roll) }
        : undefined,
    quality: options.quality && quality !== undefined ? round(quality, 3) : undefined,
    attributes: describeAttributes(attributes, options.attributes),
    match: matches?.[index],
    crop: options.crops ? keys.crop(index) : undefined,
  }));
}

/** An engine may return more than was asked for: only the wanted attributes are written. */
function describeAttributes(
  { age, gender, expression, glasses, hat, mask }: FaceAttributes,
  wanted: readonly AttributeName[],
): FaceAttributes {
  const ifWanted = <T>(name: AttributeName, value: T) => (wanted.includes(name) ? value : undefined);
  return {
    age: ifWanted('age', age === undefined ? undefined : round(age)),
    gender: ifWanted('gender', gender && describeChoice(gender)),
    expression: ifWanted('expression', expression && describeChoice(expression)),
    glasses: ifWanted('glasses', glasses),
    hat: ifWanted('hat', hat),
    mask: ifWanted('mask', mask),
  };
}

function describeChoice<T>({ value, probability }: { value: T; probability?: number }) {
  return { value, probability: probability === undefined ? undefined : round(probability, 3) };
}

/** Rounds edges rather than sizes: a box inside the picture stays inside. */
export function wholePixels({ x, y, width, height }: Box): Box {
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
