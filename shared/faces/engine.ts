import type { UprightImage } from '../images/image.ts';
import type { Face } from './face.ts';
import type { CallOptions, Thresholds } from './gallery/gallery.ts';
import type { AnalyzeOptions, DecodedPicture, Picture, Pictures } from './picture.ts';

/** Similarity of the largest faces of two pictures, with the thresholds of its scale. */
export interface Comparison {
  /** At most 1. */
  readonly similarity: number;
  readonly thresholds: Pick<Thresholds, 'match' | 'high'>;
}

export interface EmbedderTraits {
  /** Changes with its weights. */
  readonly name: string;
  /** Numbers per embedding. */
  readonly size: number;
  /** Cosines, from measurements with its embeddings. */
  readonly thresholds: Thresholds;
}

export interface EngineTraits {
  readonly name: string;
  /** Changes whenever the same picture may give another result. */
  readonly version: string;
  /** The network that makes its embeddings; a gallery never mixes two. Absent: the engine makes no embeddings. */
  readonly embedder?: EmbedderTraits;
  /** Region of its service. Files of buckets in this region can be passed by URL. Absent: no files by URL. */
  readonly region?: string;
  /** Minimum quality of a face to enrol, 0 to 1. Default: `GATE_RULES.minQuality`. */
  readonly enrolQuality?: number;
}

/**
 * Opens pictures, and finds and describes their faces. Every engine passes `test/contracts/face-engine.ts`.
 *
 * A picture without a face gives an empty array. Errors are `AppError`: an engine that calls a service throws
 * `Throttled` and the transient codes, a local engine throws `ModelMismatch` at warm-up.
 */
export interface FaceEngine extends EngineTraits, Pictures<Picture> {
  /** Compares two pictures (1:1). Absent: the caller compares embeddings. Throws `FaceNotFound`. */
  compare?(one: DecodedPicture, other: DecodedPicture, options?: CallOptions): Promise<Comparison>;
}

/** Finds and describes faces in pixels of its own process. */
export interface RasterEngine extends EngineTraits {
  /** Loads models. Idempotent; `analyze` does it when needed. */
  warmUp(): Promise<void>;
  /** Faces from the largest to the smallest; boxes and points in pixels of the upright image. */
  analyze(image: UprightImage, options: Omit<AnalyzeOptions, 'deadline' | 'source'>): Promise<Face[]>;
  close(): Promise<void>;
}
