import type { Point } from '../../face.ts';
import type { Thresholds } from '../../gallery/gallery.ts';
import { HIGH_SIMILARITY, MATCH_SIMILARITY } from '../../similarity.ts';
import type { ModelName } from './models.ts';
import { RECOGNITION_SIDE, recognitionGraph } from './recognition-graph.ts';
import { withoutTinyWeights } from './tiny-weights.ts';
import { readWeights } from './weights.ts';

export const EMBEDDER_NAMES = ['mobilefacenet', 'dlib'] as const;
export type EmbedderName = (typeof EMBEDDER_NAMES)[number];

/** A network that describes faces by numbers, and all that differs between two of them. */
export interface Embedder {
  /** Numbers an embedding. */
  readonly size: number;
  readonly models: readonly ModelName[];
  /** An ONNX model with the output `output`, of the bytes of `models` in their order. */
  graph(files: readonly Uint8Array[]): Uint8Array;
  /** Pixels a side of the input. */
  readonly side: number;
  /** Where eyes, nose and corners of the mouth lie in the input. */
  readonly template: readonly Point[];
  /** Of a value of 0 to 255. */
  scale(value: number): number;
  /**
   * Of the embedding before it is normalised, where its length tells how much of a face there was: the least where the
   * detector is sure and where it is not, and where a face is as good as faces are.
   */
  readonly norms?: { readonly sure: number; readonly unsure: number; readonly best: number };
  /** Cosines; docs/models.md says what passes them. */
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
    // Means of dlib's average face, in its chip with a quarter of padding. Source: dlib, `get_face_chip_details`.
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
