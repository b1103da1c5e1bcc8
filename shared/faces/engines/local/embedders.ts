import type { Point } from '../../face.ts';
import type { Thresholds } from '../../gallery/gallery.ts';
import { HIGH_SIMILARITY, MATCH_SIMILARITY } from '../../similarity.ts';
import type { ModelName } from './models.ts';
import { RECOGNITION_SIDE, recognitionGraph } from './recognition-graph.ts';
import { withoutTinyWeights } from './tiny-weights.ts';
import { readWeights } from './weights.ts';

export const EMBEDDER_NAMES = ['mobilefacenet', 'dlib'] as const;
export type EmbedderName = (typeof EMBEDDER_NAMES)[number];

/** A network that makes embeddings, and everything that differs between two such networks. */
export interface Embedder {
  /** Numbers per embedding. */
  readonly size: number;
  readonly models: readonly ModelName[];
  /** Makes an ONNX model, with the output `output`, from the files of `models` in their order. */
  graph(files: readonly Uint8Array[]): Uint8Array;
  /** Width and height of the input, in pixels. */
  readonly side: number;
  /** Positions of the eyes, the nose and the corners of the mouth in the input, in pixels. */
  readonly template: readonly Point[];
  /** Converts a colour value of 0 to 255 to the network's input. */
  scale(value: number): number;
  /**
   * Lengths of embeddings before normalization, if the length shows how clearly there is a face: `sure` and `unsure`
   * are the minimum where the detector is sure or not, `best` is the length of a good face.
   */
  readonly norms?: { readonly sure: number; readonly unsure: number; readonly best: number };
  /** Cosines; docs/models.md has their error rates. */
  readonly thresholds: Thresholds;
}

export const EMBEDDERS: Record<EmbedderName, Embedder> = {
  mobilefacenet: {
    size: 512,
    models: ['embedding'],
    graph: ([file]) => withoutTinyWeights(file!),
    side: 112,
    // Source: github.com/deepinsight/insightface, `python-package/insightface/utils/face_align.py`.
    template: [
      { x: 38.2946, y: 51.6963 },
      { x: 73.5318, y: 51.5014 },
      { x: 56.0252, y: 71.7366 },
      { x: 41.5493, y: 92.3655 },
      { x: 70.7299, y: 92.2041 },
    ],
    scale: (value) => (value - 127) / 128,
    norms: { sure: 1.8, unsure: 2.2, best: 3.8 },
    thresholds: { match: MATCH_SIMILARITY, high: HIGH_SIMILARITY, plausible: 0.35 },
  },
  dlib: {
    size: 128,
    models: ['recognitionManifest', 'recognitionWeights'],
    graph: ([manifest, weights]) => recognitionGraph(readWeights(manifest!, weights!)),
    side: RECOGNITION_SIDE,
    // The average face of dlib, in its crop with a padding of a quarter. Source: dlib, `get_face_chip_details`.
    template: [
      { x: 47.55, y: 46.6 },
      { x: 100.48, y: 46.6 },
      { x: 74.01, y: 76.56 },
      { x: 50.41, y: 103.02 },
      { x: 97.61, y: 103.02 },
    ],
    scale: (value) => value,
    thresholds: { match: 0.94, high: 0.96, plausible: 0.93 },
  },
};
