import type { Face } from '../faces/face.ts';
import type { Match } from '../faces/gallery/match.ts';
import type { RenderPlan } from '../images/render.ts';
import { bannerOf, labelOf, toneOf } from './labels.ts';
import type { PipelineOptions } from './options.ts';

/** The pictures that configuration asks for. `matches` name the faces, in their order. */
export function renderPlan(
  faces: readonly Face[],
  { annotate, crops, redact }: Pick<PipelineOptions, 'annotate' | 'crops' | 'redact'>,
  matches?: readonly Match[],
): RenderPlan {
  const boxes = faces.map(({ box }) => box);
  const marks = faces.map((face, index) => ({
    box: face.box,
    label: labelOf(face, matches?.[index]),
    tone: toneOf(matches?.[index]),
  }));
  return {
    annotation: annotate ? { faces: marks, banner: bannerOf(faces) } : undefined,
    redact: redact ? boxes : undefined,
    crops: crops ? boxes : undefined,
  };
}
