import type { Face } from '../faces/face.ts';
import type { Match } from '../faces/gallery/match.ts';
import { annotateImage } from '../images/annotate.ts';
import { cropFace } from '../images/crop.ts';
import type { UprightImage } from '../images/image.ts';
import { redactImage } from '../images/redact.ts';
import type { Artifacts } from '../results/writer.ts';
import { bannerOf, labelOf, toneOf } from './labels.ts';
import type { PipelineOptions } from './options.ts';

/** Draws the pictures that configuration asks for, and encodes them in parallel. */
export async function render(
  image: UprightImage,
  faces: readonly Face[],
  { annotate, crops, redact }: Pick<PipelineOptions, 'annotate' | 'crops' | 'redact'>,
  matches?: readonly Match[],
): Promise<Artifacts> {
  const boxes = faces.map(({ box }) => box);
  const marks = faces.map((face, index) => ({
    box: face.box,
    label: labelOf(face, matches?.[index]),
    tone: toneOf(matches?.[index]),
  }));
  const [annotated, redacted, ...cropped] = await Promise.all([
    annotate ? annotateImage(image, { faces: marks, banner: bannerOf(faces) }) : undefined,
    redact ? redactImage(image, boxes) : undefined,
    ...(crops ? boxes.map((box) => cropFace(image, box)) : []),
  ]);
  return {
    annotated,
    redacted,
    crops: cropped.filter((crop) => crop !== undefined),
  };
}
