import type { AppError } from '../../runtime/errors.ts';
import type { Face } from '../face.ts';
import type { DecodedPicture } from '../picture.ts';

/** Similarities on the scale of their gallery. */
export interface Thresholds {
  /** From this similarity two faces are one person. */
  readonly match: number;
  /** From this similarity two faces are one person with high confidence. */
  readonly high: number;
  /** Below this similarity a photo does not show the person of its folder. */
  readonly plausible: number;
}

/** A face in its picture. One adapter uses the embedding, another the pixels. */
export interface NewFace {
  /** Identifies the photo and its write: 1 to 64 of `[A-Za-z0-9_-]`. Adding the same photo again has no effect. */
  readonly photo: string;
  readonly picture: DecodedPicture;
  readonly face: Pick<Face, 'box' | 'embedding'>;
}

/** `id` identifies the face within the gallery. `error` is permanent and concerns only this face. */
export type AddedFace = { readonly id: string } | { readonly error: AppError };

/** The face of one person that is nearest to the searched face. */
export interface Candidate {
  readonly person: string;
  readonly id: string;
  readonly photo: string;
  /** At most 1. */
  readonly similarity: number;
}

export interface PersonEntry {
  readonly person: string;
  /** Number of enrolled faces; at least 1. */
  readonly faces: number;
}

/** The face of an enrolled photo. */
export interface EnrolledFace {
  readonly person: string;
  readonly photo: string;
  /** Unit length. */
  readonly embedding: Float32Array;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** As in `AnalyzeOptions`: a gallery that would wait longer for its quota throws `Throttled` at once. */
  readonly deadline?: number;
}

/**
 * Known people and their faces. A name stands for all its forms of Unicode, and is returned in NFC. Every adapter passes `test/contracts/gallery.ts`.
 *
 * An instance finds its own writes at once, and those of other instances within the time that the adapter documents.
 * Errors are `AppError`: `GalleryMismatch`, `PersonNameInvalid`, and those of the underlying store or service.
 */
export interface Gallery {
  readonly name: string;
  readonly thresholds: Thresholds;
  /** Whether faces need an `embedding`, which the engine then has to make. */
  readonly usesEmbeddings: boolean;
  /**
   * The nearest people for each face, best first, at most `people` (1 to 20). An unknown face has candidates too: the
   * caller applies the thresholds.
   */
  search(
    picture: DecodedPicture,
    faces: readonly Pick<Face, 'box' | 'embedding'>[],
    options: CallOptions & { readonly people: number },
  ): Promise<Candidate[][]>;
  /** Adds faces of one person. The result has the order of `faces`. Throws `PersonNameInvalid`. */
  add(person: string, faces: readonly NewFace[], options?: CallOptions): Promise<AddedFace[]>;
  /** All people, sorted by the UTF-16 units of their names. */
  people(options?: CallOptions): AsyncIterable<PersonEntry>;
  /** Ids of the person's faces, sorted; empty for an unknown person. */
  faces(person: string, options?: CallOptions): Promise<string[]>;
  /** All enrolled faces with their embeddings. Absent: the gallery does not give embeddings. */
  embeddings?(options?: CallOptions): AsyncIterable<EnrolledFace>;
  /** Returns whether the face existed. */
  removeFace(person: string, id: string, options?: CallOptions): Promise<boolean>;
  /** Removes the person permanently. Returns the ids of the removed faces. */
  removePerson(person: string, options?: CallOptions): Promise<string[]>;
  /** Removes all people, even when another embedder made the gallery. */
  clear(options?: CallOptions): Promise<void>;
  close(): Promise<void>;
}
