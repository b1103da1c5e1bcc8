import { overlap } from '../../../images/geometry.ts';
import type { Raster } from '../../../images/image.ts';
import type { Box } from '../../face.ts';
import { DETECTOR_OUTPUTS } from './detector-graph.ts';
import { decodeBox, makePriors, type Size } from './priors.ts';
import { resample } from './sample.ts';
import type { Net } from './session.ts';

/** A possible face. */
export interface Detection {
  /** Pixels of the raster, not clamped. */
  readonly box: Box;
  /** 0 to 1. */
  readonly probability: number;
  /** The detector alone decides that it is a face, for example in profile or behind sunglasses. */
  readonly certain: boolean;
}

/**
 * Measured in docs/models.md. The extent of a box is the square root of the box's area divided by the picture's area.
 */
export const DETECTION = {
  /** Pixels of the first run: the size of the network's training. A picture in portrait format uses it turned. */
  overview: { width: 320, height: 240 },
  /** Pixels of the second run, three times as fine, for faces that the overview blurs. */
  closeUp: { width: 960, height: 720 },
  /**
   * Below this extent (5 % of the width of a 4:3 picture) the overview misses faces. A smaller candidate, or no
   * candidate at all, starts the close-up.
   */
  smallExtent: 0.066,
  /** Minimum probability of a small candidate that starts the close-up. */
  hintProbability: 0.4,
  /** Larger detections of the close-up are ignored, because it takes parts of large faces for faces. */
  closeUpMaxExtent: 0.105,
  /**
   * If no detection is certain, a third run adds grey margins of this share on each side. Faces that fill the picture
   * or touch its border then look like those of the training.
   */
  margin: 0.2,
  /** In the first two runs only faces reached this probability. In the third run, a cat did too. */
  certainProbability: 0.985,
  /** Of two boxes with a greater intersection over union, one is removed. */
  maxOverlap: 0.25,
} as const;

/** (value - 127) / 128. Source: Ultra-Light-Fast-Generic-Face-Detector, `vision/ssd/config/fd_config.py`. */
const NORMALIZED = { scale: 1 / 128, shift: -127 / 128 } as const;

export interface Detector {
  /** Possible faces, the most probable first. */
  detect(raster: Raster, minProbability: number): Promise<Detection[]>;
}

export function createDetector(net: Net): Detector {
  const priorsOf = cachedPriors();
  const look = async (
    raster: Raster,
    landscape: Size,
    minProbability: number,
    margin = 0,
  ): Promise<Detection[]> => {
    const size = raster.height > raster.width ? turned(landscape) : landscape;
    const inner = { width: shrunk(size.width, margin), height: shrunk(size.height, margin) };
    // Normalized pixels in the centre of a grey area, which the network sees as 0.
    const target = { ...size, ...offset(inner, size), ...NORMALIZED };
    const pixels = resample(raster, inner.width, inner.height, target);
    const outputs = await net.run(pixels, [1, 3, size.height, size.width]);
    const found = readDetections(outputs, priorsOf(size), minProbability);
    return found.map(({ box, probability }) => ({
      box: toRaster(box, inner, size, raster),
      probability,
      certain: margin === 0 && probability >= DETECTION.certainProbability,
    }));
  };

  /** Runs the overview and, if needed, the close-up. */
  const lookTwice = async (raster: Raster, minProbability: number): Promise<Detection[]> => {
    const hint = Math.min(minProbability, DETECTION.hintProbability);
    const candidates = await look(raster, DETECTION.overview, hint);
    const seen = candidates.filter(({ probability }) => probability >= minProbability);
    const small = candidates.some(({ box }) => extent(box, raster) < DETECTION.smallExtent);
    if (seen.length > 0 && !small) return seen;

    const fine = await look(raster, DETECTION.closeUp, minProbability);
    const added = fine.filter(
      ({ box }) =>
        extent(box, raster) < DETECTION.closeUpMaxExtent && !seen.some((face) => isPartOf(box, face.box)),
    );
    return [...seen, ...added];
  };

  return {
    async detect(raster, minProbability) {
      const seen = await lookTwice(raster, minProbability);
      if (seen.some(({ certain }) => certain)) return suppress(seen);
      const framed = await look(raster, DETECTION.overview, minProbability, DETECTION.margin);
      return suppress([...seen, ...framed]);
    },
  };
}

function turned({ width, height }: Size): Size {
  return { width: height, height: width };
}

function cachedPriors(): (size: Size) => Float32Array {
  const cache = new Map<number, Float32Array>();
  return (size) => {
    const priors = cache.get(size.width) ?? makePriors(size);
    cache.set(size.width, priors);
    return priors;
  };
}

function readDetections(
  outputs: Awaited<ReturnType<Net['run']>>,
  priors: Float32Array,
  minProbability: number,
): Omit<Detection, 'certain'>[] {
  const scores = outputs[DETECTOR_OUTPUTS.scores]!;
  const regressions = outputs[DETECTOR_OUTPUTS.regressions]!;
  const detections: Omit<Detection, 'certain'>[] = [];
  for (let i = 0; i < priors.length / 4; i++) {
    // Two classes a prior: background, face.
    const probability = scores[2 * i + 1]!;
    if (probability < minProbability) continue;
    detections.push({ box: decodeBox(priors, regressions, i), probability });
  }
  return detections;
}

function shrunk(length: number, margin: number): number {
  return Math.round(length / (1 + 2 * margin));
}

function offset(inner: Size, size: Size): { left: number; top: number } {
  return {
    left: Math.floor((size.width - inner.width) / 2),
    top: Math.floor((size.height - inner.height) / 2),
  };
}

/** Converts a box from fractions of the network's input to pixels of the raster. */
function toRaster(box: Box, inner: Size, size: Size, raster: Raster): Box {
  const { left, top } = offset(inner, size);
  const scaleX = raster.width / inner.width;
  const scaleY = raster.height / inner.height;
  return {
    x: (box.x * size.width - left) * scaleX,
    y: (box.y * size.height - top) * scaleY,
    width: box.width * size.width * scaleX,
    height: box.height * size.height * scaleY,
  };
}

/** Greedy non-maximum suppression: of detections that overlap too much, the most probable one remains. */
export function suppress(detections: readonly Detection[]): Detection[] {
  const kept: Detection[] = [];
  for (const detection of [...detections].sort((a, b) => b.probability - a.probability)) {
    if (kept.every(({ box }) => overlap(box, detection.box) <= DETECTION.maxOverlap)) kept.push(detection);
  }
  return kept;
}

/** Size of a box as the network sees it, independent of the shape of the picture. */
function extent(box: Box, raster: Raster): number {
  return Math.sqrt((box.width * box.height) / (raster.width * raster.height));
}

/** Whether the centre of a box is inside a face of more than four times its area: an eye, not a second face. */
function isPartOf(box: Box, face: Box): boolean {
  const x = box.x + box.width / 2;
  const y = box.y + box.height / 2;
  return (
    box.width * box.height * 4 < face.width * face.height &&
    x > face.x &&
    x < face.x + face.width &&
    y > face.y &&
    y < face.y + face.height
  );
}
