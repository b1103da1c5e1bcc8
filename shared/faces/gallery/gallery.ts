import type { AppError } from '../../runtime/errors.ts';
import type { Face } from '../face.ts';
import type { DecodedPicture } from '../picture.ts';

/** Similarities, on the scale of the gallery that they belong to. */
export interface Thresholds {
  /** At or above it two faces are taken for one person. */
  readonly match: number;
  /** At or above it with high confidence. */
  readonly high: number;
  /** Below it a photo does not show the person in whose folder it lies, whatever the folder says. */
  readonly plausible: number;
}

/** A face in the picture it was found in: one adapter looks at the embedding, another at the pixels. */
export interface NewFace {
  /** Names the photo and its write, 1 to 64 of `[A-Za-z0-9_-]`: adding the same photo again adds nothing. */
  readonly photo: string;
  readonly picture: DecodedPicture;
  readonly face: Pick<Face, 'box' | 'embedding'>;
}

/** `id` names the face within the gallery; `error` is permanent and concerns this face alone. */
export type AddedFace = { readonly id: string } | { readonly error: AppError };

/** The face of one person that is nearest to the one searched for. */
export interface Candidate {
  readonly person: string;
  readonly id: string;
  readonly photo: string;
  /** At most 1. */
  readonly similarity: number;
}

export interface PersonEntry {
  readonly person: string;
  /** How many faces are enrolled; at least 1. */
  readonly faces: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** As in `AnalyzeOptions`: a gallery that would have to wait longer for a quota throws `Throttled` at once. */
  readonly deadline?: number;
}

/**
 * Known people and their faces. Every adapter passes `test/contracts/gallery.ts`.
 *
 * What one instance wrote it finds at once; what another wrote, within the time that the adapter documents. Errors are
 * `AppError`: `GalleryMismatch`, `PersonNameInvalid`, and those of the store or service underneath.
 */
export interface Gallery {
  readonly name: string;
  readonly thresholds: Thresholds;
  /** Whether faces need an `embedding`; what is asked of the engine follows from it. */
  readonly usesEmbeddings: boolean;
  /**
   * For each of the faces the nearest people, best first, at most `people` (1 to 20) of them. They are the nearest, not
   * the right ones: an unknown face has candidates too, and the caller applies the thresholds.
   */
  search(
    picture: DecodedPicture,
    faces: readonly Pick<Face, 'box' | 'embedding'>[],
    options: CallOptions & { readonly people: number },
  ): Promise<Candidate[][]>;
  /** Adds faces of one person; answers in their order. Throws `PersonNameInvalid`. */
  add(person: string, faces: readonly NewFace[], options?: CallOptions): Promise<AddedFace[]>;
  /** In the order of their names' UTF-16 units. */
  people(options?: CallOptions): AsyncIterable<PersonEntry>;
  /** Ids of the person's faces, sorted; empty when nobody has this name. */
  faces(person: string, options?: CallOptions): Promise<string[]>;
  /** Whether there was such a face. */
  removeFace(person: string, id: string, options?: CallOptions): Promise<boolean>;
  /** Removes the person for good and gives the ids of the faces that went. */
  removePerson(person: string, options?: CallOptions): Promise<string[]>;
  /** Removes everybody; also from a gallery that another embedder made. */
  clear(options?: CallOptions): Promise<void>;
  close(): Promise<void>;
}
