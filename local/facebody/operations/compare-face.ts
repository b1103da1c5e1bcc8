import type { Face } from '../../../shared/faces/face.ts';
import { similarity } from '../../../shared/faces/similarity.ts';
import { COMPARE_THRESHOLDS, compareConfidence } from '../confidence.ts';
import type { PictureRule } from '../pictures.ts';
import { faceLists, qualityOf } from './lists.ts';
import type { Operation, OperationRequest } from './operation.ts';

/** doc: JPEG, PNG, BMP or WebP of up to 5 MB, below 4096 pixels; the largest face of each counts. */
const RULE: PictureRule = { maxBytes: 5 * 1024 * 1024, below: 4096, formats: ['jpeg', 'png', 'webp'] };
/** doc: a narrower face gets a tip. */
const MIN_FACE_WIDTH = 50;

export const compareFace: Operation = async (request) => {
  const { form, pictures } = request;
  const threshold = form.number('QualityScoreThreshold', { min: 0, max: 100 }) ?? 0;
  const a = await pictures.largestFace(await fileOf('A', request), RULE);
  const b = await pictures.largestFace(await fileOf('B', request), RULE);
  const tips = [...tipsOf('A', a, threshold), ...tipsOf('B', b, threshold)];
  return {
    Confidence: compareConfidence(similarity(a.embedding, b.embedding)),
    Thresholds: COMPARE_THRESHOLDS,
    RectAList: faceLists([a]).FaceRectangles,
    RectBList: faceLists([b]).FaceRectangles,
    LandmarksAList: fivePoints(a),
    LandmarksBList: fivePoints(b),
    QualityScoreA: qualityOf(a),
    QualityScoreB: qualityOf(b),
    IsMaskA: 0,
    IsMaskB: 0,
    ...(tips.length > 0 && { MessageTips: tips.join(';') }),
  };
};

async function fileOf(side: 'A' | 'B', { form, host, pictures }: OperationRequest): Promise<Buffer> {
  const data = form.text(`ImageData${side}`);
  if (data !== undefined) return Buffer.from(data, 'base64');
  return pictures.download(form.requiredText(`ImageURL${side}`), host);
}

function tipsOf(side: 'A' | 'B', face: Face, threshold: number): string[] {
  return [
    ...(qualityOf(face) < threshold ? [`image${side} quality score less threshold`] : []),
    ...(face.box.width < MIN_FACE_WIDTH ? [`face in image${side} is too small`] : []),
  ];
}

/** doc: both eyes, the tip of the nose, both corners of the mouth. */
function fivePoints({ keypoints }: Face): number[] {
  if (!keypoints) return [];
  const { leftEye, rightEye, nose, mouthLeft, mouthRight } = keypoints;
  return [leftEye, rightEye, nose, mouthLeft, mouthRight].flatMap(({ x, y }) => [x, y]);
}
