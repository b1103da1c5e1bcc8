import { type Annotation, annotateImage } from './annotate.ts';
import { cropFace } from './crop.ts';
import type { Rect } from './geometry.ts';
import type { UprightImage } from './image.ts';
import { maskImage } from './mask.ts';
import { redactImage } from './redact.ts';

/** The pictures to make of a picture. Boxes are in pixels of the upright image; what is absent is not made. */
export interface RenderPlan {
  readonly annotation?: Annotation;
  /** Faces to make unrecognisable. */
  readonly redact?: readonly Rect[];
  readonly crops?: readonly Rect[];
  /** Areas that are white in a picture that is black elsewhere. */
  readonly mask?: readonly Rect[];
}

/** All JPEG. */
export interface RenderedPictures {
  readonly annotated?: Uint8Array;
  readonly redacted?: Uint8Array;
  readonly mask?: Uint8Array;
  /** In the order of the plan. */
  readonly crops: readonly Uint8Array[];
}

/** Draws and encodes in parallel. It draws into the image's own pixels, which saves a copy: nothing else may use them later. */
export async function renderPictures(
  image: UprightImage,
  { annotation, redact, crops = [], mask }: RenderPlan,
): Promise<RenderedPictures> {
  // Cut before anything is drawn.
  const cropping = crops.map((box) => cropFace(image, box));
  const spare = redact && annotation ? copyOf(image) : image;
  const [annotated, redacted, masked, ...cropped] = await Promise.all([
    annotation && annotateImage(image, annotation),
    redact && redactImage(spare, redact),
    mask && maskImage(image, mask),
    ...cropping,
  ]);
  return { annotated, redacted, mask: masked, crops: cropped };
}

function copyOf({ raster, ...image }: UprightImage): UprightImage {
  return { ...image, raster: { ...raster, data: new Uint8Array(raster.data) } };
}
