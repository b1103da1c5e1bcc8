import type { Face } from '../../../shared/faces/face.ts';
import { LANDMARK_COUNT, toPupils, toVendorLandmarks } from '../landmarks.ts';

/** doc: each list holds the entries of the first face, then those of the next; rectangles are left, top, width, height in whole pixels. */
export function faceLists(faces: readonly Face[]) {
  return {
    FaceCount: faces.length,
    FaceProbabilityList: faces.map(({ probability }) => probability),
    FaceRectangles: faces.flatMap(({ box }) => {
      const left = Math.round(box.x);
      const top = Math.round(box.y);
      return [left, top, Math.round(box.x + box.width) - left, Math.round(box.y + box.height) - top];
    }),
  };
}

export function landmarkLists(faces: readonly Face[]) {
  const known = faces.map(({ landmarks = [] }) => (landmarks.length === 68 ? landmarks : undefined));
  return {
    LandmarkCount: LANDMARK_COUNT,
    Landmarks: known.flatMap((points) =>
      points ? toVendorLandmarks(points).flatMap(({ x, y }) => [x, y]) : [],
    ),
    Pupils: known.flatMap((points) => (points ? toPupils(points) : [])),
  };
}

/** guess: the vendor's angles have the same signs as the engine's. */
export function poseList(faces: readonly Face[]): number[] {
  return faces.flatMap(({ pose }) => (pose ? [pose.yaw, pose.pitch, pose.roll] : []));
}

/**
 * doc: 0 to 100, higher is better in all of them.
 * guess: the engine computes one quality, which fills all lists that depend on it.
 */
export function qualityLists(faces: readonly Face[]) {
  const scores = faces.map(qualityOf);
  const best = faces.map(() => 99);
  return {
    ScoreList: scores,
    BlurList: scores,
    FnfList: faces.map(({ probability }) => 100 * probability),
    GlassList: best,
    IlluList: scores,
    MaskList: best,
    NoiseList: scores,
    PoseList: faces.map(({ pose }) => (pose ? 100 * Math.cos((pose.yaw * Math.PI) / 180) ** 2 : 99)),
  };
}

/** doc: 0 to 100; a face is good from 85. guess: the engine's quality that equals 85. */
const GOOD = { quality: 0.4, score: 85 };

/** 0 to 100. */
export function qualityOf({ quality = 1 }: Face): number {
  if (quality <= GOOD.quality) return (GOOD.score * quality) / GOOD.quality;
  return GOOD.score + ((100 - GOOD.score) * (quality - GOOD.quality)) / (1 - GOOD.quality);
}
