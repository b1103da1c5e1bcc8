import type { UprightImage } from '../images/image.ts';
import type { Face } from './face.ts';
import type { CallOptions, Thresholds } from './gallery/gallery.ts';
import type { AnalyzeOptions, DecodedPicture, Picture, Pictures } from './picture.ts';

/** How alike the largest faces of two pictures are, and what that means on this scale. */
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
  /** Cosines that its embeddings were measured with. */
  readonly thresholds: Thresholds;
}

export interface EngineTraits {
  readonly name: string;
  /** Changes whenever the same picture may give another answer. */
  readonly version: string;
  /** What makes its embeddings, and how many numbers one has: galleries never mix two. Absent: it makes none. */
  readonly embedder?: EmbedderTraits;
  /** Where its service runs: files of buckets there can be handed to it by URL. Absent: it takes none. */
  readonly region?: string;
  /** Quality from which a face may stand for a person; the gate's own figure when absent. */
  readonly enrolQuality?: number;
}

/**
 * Opens pictures, and finds and describes their faces. Every engine passes `test/contracts/face-engine.ts`.
 *
 * A picture without a face gives an empty array. Errors are `AppError`; an engine that calls a service throws
 * `Throttled` and the transient codes, a local one `ModelMismatch` at warm-up.
 */
export interface FaceEngine extends EngineTraits, Pictures<Picture> {
  /** Compares two pictures (1:1). Absent: compare embeddings. Throws `FaceNotFound`. */
  compare?(one: DecodedPicture, other: DecodedPicture, options?: CallOptions): Promise<Comparison>;
}

/** Finds and describes faces in pixels of its own process. */
export interface RasterEngine extends EngineTraits {
  /** Loads models; idempotent, and `analyze` calls it when nobody did. */
  warmUp(): Promise<void>;
  /** Faces from the largest to the smallest; boxes and points in pixels of the upright image. */
  analyze(image: UprightImage, options: Omit<AnalyzeOptions, 'deadline' | 'source'>): Promise<Face[]>;
  close(): Promise<void>;
}
