import pLimit from 'p-limit';
import type { UprightImage } from '../../../images/image.ts';
import { assertNotAborted } from '../../../runtime/abort.ts';
import type { RasterEngine } from '../../engine.ts';
import type { Face } from '../../face.ts';
import type { AnalyzeOptions } from '../../picture.ts';
import { describe } from './attributes.ts';
import { createDetector, type Detection, type Detector } from './detector.ts';
import { EMBEDDERS, type Embedder } from './embedders.ts';
import { embed } from './embedding.ts';
import { hasFaceContent, hasFaceShape } from './face-gate.ts';
import { keypointsOf, locateLandmarks } from './landmarks.ts';
import { type Nets, openNets } from './nets.ts';
import { estimatePose } from './pose.ts';
import { faceQuality } from './quality.ts';
import { toUpright } from './upright.ts';
import { localEngineTraits, type VersionedOptions } from './version.ts';

export interface LocalEngineOptions extends VersionedOptions {
  /** Folder with the model files, without subfolders. Default: the installed npm packages. */
  readonly modelsDir?: string;
  /** Threads inside one run of a network. Several workers use the cores better. @default 1 */
  readonly threads?: number;
}

interface Loaded {
  readonly nets: Nets;
  readonly detector: Detector;
  readonly embedder: Embedder;
}

/** The engine that needs no service: five small networks in this process. docs/models.md has its measurements. */
export function createLocalEngine(options: LocalEngineOptions = {}): RasterEngine {
  const { modelsDir, threads = 1, minProbability = 0.7, embedder: chosen = 'mobilefacenet' } = options;
  const embedder = EMBEDDERS[chosen];
  let loading: Promise<Loaded> | undefined;
  // Networks block this thread. One picture after the other: interleaved, all would finish late and hold memory longer.
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
        assertNotAborted(analyzeOptions.signal, 'analysis');
        const loaded = await load();
        const faces: Face[] = [];
        for (const detection of await loaded.detector.detect(image.raster, minProbability)) {
          assertNotAborted(analyzeOptions.signal, 'analysis');
          const face = await analyzeFace(loaded, image, detection, analyzeOptions);
          if (face) faces.push(face);
        }
        return faces.sort((a, b) => area(b) - area(a));
      }),
    // Waits for running analyses, which still need the networks.
    close: () =>
      inTurn(async () => {
        const loaded = await loading?.catch(() => undefined);
        loading = undefined;
        if (loaded) await Promise.all(Object.values(loaded.nets).map((net) => net.release()));
      }),
  };
}

/** Analyzes one detection. Returns `undefined` when it is not a face. */
async function analyzeFace(
  { nets, embedder }: Loaded,
  image: UprightImage,
  { box, probability, certain }: Detection,
  { attributes, embeddings }: AnalyzeOptions,
): Promise<Face | undefined> {
  const { raster } = image;
  const landmarks = await locateLandmarks(nets.landmarks, raster, box);
  const keypoints = keypointsOf(landmarks);
  const shape = hasFaceShape(box, keypoints);
  // The cheap check comes first, because the embedding costs most.
  if (!shape && !certain) return undefined;
  const embedding = await embed(nets.embedding, embedder, raster, keypoints);
  const content = hasFaceContent(embedding.norm, probability, embedder.norms);
  if (!content && !certain) return undefined;

  const upright = toUpright(image);
  return {
    box: upright.box(box),
    probability,
    keypoints: {
      leftEye: upright.point(keypoints.leftEye),
      rightEye: upright.point(keypoints.rightEye),
      nose: upright.point(keypoints.nose),
      mouthLeft: upright.point(keypoints.mouthLeft),
      mouthRight: upright.point(keypoints.mouthRight),
    },
    landmarks: landmarks.map(upright.point),
    pose: estimatePose(landmarks),
    quality: qualityOf({ shape, norm: embedding.norm, width: box.width }, embedder),
    attributes: await describe(nets, raster, keypoints, attributes),
    ...(embeddings && { embedding: embedding.vector }),
  };
}

/** 0 to 1. A face that is turned away has 0, however sharp it is. Unknown for an embedder without norms. */
function qualityOf(
  { shape, norm, width }: { readonly shape: boolean; readonly norm: number; readonly width: number },
  { norms }: Embedder,
): number | undefined {
  if (!shape) return 0;
  return norms && faceQuality(norm, width, norms);
}

function area({ box }: Face): number {
  return box.width * box.height;
}
