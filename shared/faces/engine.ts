import type { UprightImage } from '../images/image.ts';
import type { AttributeName, Face } from './face.ts';
import type { CallOptions, Thresholds } from './gallery/gallery.ts';

export interface AnalyzeOptions {
  /** Attributes to determine. Engines skip the work for all others. */
  readonly attributes: ReadonlySet<AttributeName>;
  /** Whether faces need an `embedding`. */
  readonly embeddings: boolean;
  readonly signal?: AbortSignal;
  /**
   * By when the result is needed, in milliseconds of `clock.monotonic()`. An engine that would wait longer for its
   * quota throws `Throttled` at once. Default: no deadline.
   */
  readonly deadline?: number;
  /** The file itself. A service in the same region reads it, so that the picture is not sent. */
  readonly source?: ImageSource;
}

export interface ImageSource {
  /** Presigned, valid for at least some minutes, percent-encoded. */
  readonly url: string;
  /** Size of the file. */
  readonly bytes: number;
}

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

/**
 * Finds and describes faces. Every engine passes `test/contracts/face-engine.ts`.
 *
 * A picture without a face gives an empty array. Errors are `AppError`: an engine that calls a service throws
 * `Throttled` and the transient codes, a local engine throws `ModelMismatch` at warm-up.
 */
export interface FaceEngine {
  readonly name: string;
  /** Changes whenever the same picture may give another result. */
  readonly version: string;
  /** The network that makes its embeddings; a gallery never mixes two. Absent: the engine makes no embeddings. */
  readonly embedder?: EmbedderTraits;
  /** Region of its service. Files of buckets in this region can be passed by URL. Absent: no files by URL. */
  readonly region?: string;
  /** Minimum quality of a face to enrol, 0 to 1. Default: `GATE_RULES.minQuality`. */
  readonly enrolQuality?: number;
  /** Loads models or opens connections. Idempotent; `analyze` does it when needed. */
  warmUp(): Promise<void>;
  /** Faces from the largest to the smallest; boxes and points in pixels of the upright image. */
  analyze(image: UprightImage, options: AnalyzeOptions): Promise<Face[]>;
  /** Compares two pictures (1:1). Absent: the caller compares embeddings. Throws `FaceNotFound`. */
  compare?(one: UprightImage, other: UprightImage, options?: CallOptions): Promise<Comparison>;
  close(): Promise<void>;
}
