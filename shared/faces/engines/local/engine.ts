import pLimit from 'p-limit';
import type { UprightImage } from '../../../images/image.ts';
import { AppError } from '../../../runtime/errors.ts';
import type { RasterEngine } from '../../engine.ts';
import type { Face } from '../../face.ts';
import type { AnalyzeOptions } from '../../picture.ts';
import { describe } from './attributes.ts';
import { createDetector, type Detection, type Detector } from './detector.ts';
import { EMBEDDERS, type Embedder } from './embedders.ts';
import { embed } from './embedding.ts';
import { hasFaceContent, hasFaceShape } from './gate.ts';
import { faceParts, locateLandmarks } from './landmarks.ts';
import { type Nets, openNets } from './nets.ts';
import { estimatePose } from './pose.ts';
import { faceQuality } from './quality.ts';
import { toUpright } from './upright.ts';
import { localEngineTraits, type VersionedOptions } from './version.ts';

export interface LocalEngineOptions extends VersionedOptions {
  /** Folder that holds the model files flat. @default the installed npm packages */
  readonly modelsDir?: string;
  /** Threads inside one run of a network. Several processes use cores better. @default 1 */
  readonly threads?: number;
}

interface Loaded {
  readonly nets: Nets;
  readonly detector: Detector;
  readonly embedder: Embedder;
}

/** The engine that needs no service: five small networks in this process. docs/models.md gives its figures. */
export function createLocalEngine(options: LocalEngineOptions = {}): RasterEngine {
  const { modelsDir, threads = 1, minProbability = 0.7, embedder: chosen = 'mobilefacenet' } = options;
  const embedder = EMBEDDERS[chosen];
  let loading: Promise<Loaded> | undefined;
  // Networks run on this thread: pictures that took turns would all be late, and each would hold its memory longer.
  const inTurn = pLimit(1);

  const load = (): Promise<Loaded> => {
    loading ??= openNets({ modelsDir, threads, embedder }).then(
      (nets) => ({ nets, embedder, detector: createDetector(nets.detector) }),
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };

  return {
    ...localEngineTraits(options),
    async warmUp() {
      await load();
    },
    analyze: (image, analyzeOptions) =>
      inTurn(async () => {
        throwIfAborted(analyzeOptions.signal);
        const loaded = await load();
        const faces: Face[] = [];
        for (const detection of await loaded.detector.detect(image.raster, minProbability)) {
          throwIfAborted(analyzeOptions.signal);
          const face = await analyzeFace(loaded, image, detection, analyzeOptions);
          if (face) faces.push(face);
        }
        return faces.sort((a, b) => area(b) - area(a));
      }),
    // In turn as well: what is under way keeps its networks.
    close: () =>
      inTurn(async () => {
        const loaded = await loading?.catch(() => undefined);
        loading = undefined;
        if (loaded) await Promise.all(Object.values(loaded.nets).map((net) => net.release()));
      }),
  };
}

/** Everything about one detection, or undefined when it turns out to be no face. */
async function analyzeFace(
  { nets, embedder }: Loaded,
  image: UprightImage,
  { box, probability, certain }: Detection,
  { attributes, embeddings }: AnalyzeOptions,
): Promise<Face | undefined> {
  const { raster } = image;
  const landmarks = await locateLandmarks(nets.landmarks, raster, box);
  const parts = faceParts(landmarks);
  const shape = hasFaceShape(box, parts);
  // Asked first, because the embedding costs most.
  if (!shape && !certain) return undefined;
  const embedding = await embed(nets.embedding, embedder, raster, parts);
  const content = hasFaceContent(embedding.norm, probability, embedder.norms);
  if (!content && !certain) return undefined;

  const upright = toUpright(image);
  return {
    box: upright.box(box),
    probability,
    keypoints: {
      leftEye: upright.point(parts.leftEye),
      rightEye: upright.point(parts.rightEye),
      nose: upright.point(parts.nose),
      mouthLeft: upright.point(parts.mouthLeft),
      mouthRight: upright.point(parts.mouthRight),
    },
    landmarks: landmarks.map(upright.point),
    pose: estimatePose(landmarks),
    ...qualityOf({ shape, norm: embedding.norm, width: box.width }, embedder),
    attributes: await describe(nets, raster, parts, attributes),
    ...(embeddings && { embedding: embedding.vector }),
  };
}

/** A face that is turned away cannot be recognised, however sharp; nothing is said where the norm says nothing. */
function qualityOf(
  { shape, norm, width }: { readonly shape: boolean; readonly norm: number; readonly width: number },
  { norms }: Embedder,
): Pick<Face, 'quality'> {
  if (!shape) return { quality: 0 };
  return norms ? { quality: faceQuality(norm, width, norms) } : {};
}

function area({ box }: Face): number {
  return box.width * box.height;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AppError('Aborted', 'the analysis was stopped', { cause: signal.reason });
}
