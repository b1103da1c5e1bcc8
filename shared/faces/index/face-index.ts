import type { PictureWrite, SightedFace, Sighting } from './sighting.ts';

export interface SearchOptions {
  /** Sightings per probe, 1 to 1,000. */
  readonly limit: number;
  /** Only sightings of at least this similarity, -1 to 1. @default -1 */
  readonly minSimilarity?: number;
  readonly signal?: AbortSignal;
}

export interface NearSighting {
  readonly sighting: Sighting;
  /** Cosine, -1 to 1. */
  readonly similarity: number;
}

export interface IndexCallOptions {
  readonly signal?: AbortSignal;
}

/**
 * Every face that was seen. Every adapter passes `test/contracts/face-index.ts`.
 *
 * Per object the latest write counts, in whatever order writes and removals arrive. An instance finds its own writes at
 * once, and those of other instances within the time that the adapter documents. Embeddings are stored with 8 bits per
 * number, so similarities differ from exact cosines by up to 0.005.
 *
 * Errors are `AppError`: `IndexMismatch`, `IndexDamaged`, and those of the underlying store or service.
 */
export interface FaceIndex {
  readonly name: string;
  /** Replaces the faces of an earlier write of the object, and of an earlier look at this write. */
  put(write: PictureWrite, faces: readonly SightedFace[], options?: IndexCallOptions): Promise<void>;
  /** Removes and erases the faces of an object and of every write up to `time`, in milliseconds since the epoch. */
  remove(
    object: Pick<PictureWrite, 'bucket' | 'key'> & { readonly time: number },
    options?: IndexCallOptions,
  ): Promise<void>;
  /** Deletes what is stored of faces that were replaced or removed. Until then it may only be ignored. */
  erase(options?: IndexCallOptions): Promise<void>;
  /** Per probe, the most similar sightings, best first. Probes have unit length. */
  search(probes: readonly Float32Array[], options: SearchOptions): Promise<NearSighting[][]>;
  /** All sightings with their embeddings, in the order of `bySightingOrder`. */
  all(options?: IndexCallOptions): AsyncIterable<Sighting & { readonly embedding: Float32Array }>;
  /** The sightings of one object, in the order of their numbers. */
  sightings(object: Pick<PictureWrite, 'bucket' | 'key'>, options?: IndexCallOptions): Promise<Sighting[]>;
  /** Number of sightings. */
  count(options?: IndexCallOptions): Promise<number>;
  /** Removes everything, also what another embedder made. */
  clear(options?: IndexCallOptions): Promise<void>;
  close(): Promise<void>;
}
