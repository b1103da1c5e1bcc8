import type { UprightImage } from '../images/image.ts';
import type { AttributeName, Face } from './face.ts';
import type { CallOptions, Thresholds } from './gallery/gallery.ts';

export interface AnalyzeOptions {
  /** What to find out besides boxes; engines skip the work for what is not asked. */
  readonly attributes: ReadonlySet<AttributeName>;
  /** Whether faces need an `embedding`. */
  readonly embeddings: boolean;
  readonly signal?: AbortSignal;
  /**
   * Milliseconds since the epoch by which faces must be there; an engine that would have to wait longer for a quota
   * throws `Throttled` at once.
   */
  readonly deadline?: number;
  /** The file itself, where a service in the same region can read it: saves sending the picture. */
  readonly source?: ImageSource;
}

export interface ImageSource {
  /** Pre-signed, valid for some minutes at least, percent-encoded. */
  readonly url: string;
  /** Of the file. */
  readonly bytes: number;
}

/** How alike the largest faces of two pictures are, and what that means on this scale. */
export interface Comparison {
  /** At most 1. */
  readonly similarity: number;
  readonly thresholds: Pick<Thresholds, 'match' | 'high'>;
}

export interface EmbedderTraits {
  /** Changes with its weights. */
  readonly name: string;
  /** Numbers an embedding. */
  readonly size: number;
  /** Cosines that its embeddings were measured with. */
  readonly thresholds: Thresholds;
}

/**
 * Finds and describes faces. Every engine passes `test/contracts/face-engine.ts`.
 *
 * A picture without a face gives an empty array. Errors are `AppError`; an engine that calls a service throws
 * `Throttled` and the transient codes, a local one `ModelMismatch` at warm-up.
 */
export interface FaceEngine {
  readonly name: string;
  /** Changes whenever the same picture may give another answer. */
  readonly version: string;
  /** What makes its embeddings, and how many numbers one has: galleries never mix two. Absent: it makes none. */
  readonly embedder?: EmbedderTraits;
  /** Where its service runs: files of buckets there can be handed to it by URL. Absent: it takes none. */
  readonly region?: string;
  /** Quality from which a face may stand for a person; the gate's own figure when absent. */
  readonly enrolQuality?: number;
  /** Loads models or opens connections; idempotent, and `analyze` calls it when nobody did. */
  warmUp(): Promise<void>;
  /** Faces from the largest to the smallest; boxes and points in pixels of the upright image. */
  analyze(image: UprightImage, options: AnalyzeOptions): Promise<Face[]>;
  /** Compares two pictures (1:1). Absent: whoever wants to know compares embeddings. Throws `FaceNotFound`. */
  compare?(one: UprightImage, other: UprightImage, options?: CallOptions): Promise<Comparison>;
  close(): Promise<void>;
}
