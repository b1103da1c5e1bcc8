import { canonicalName } from '../../faces/gallery/person-name.ts';
import type { ObjectStore } from '../../oss/object-store.ts';
import { findMentions } from './mentions.ts';

/** One face that was matched to the person. */
export interface Sighting {
  readonly bucket: string;
  readonly key: string;
  /** Key of the result document. */
  readonly document: string;
  /** Index of the face in the document. */
  readonly face: number;
  readonly confidence: number;
  /** Key of the cropped face. */
  readonly crop?: string;
}

export interface FindOptions {
  readonly results: ObjectStore;
  readonly resultPrefix: string;
  readonly signal?: AbortSignal;
}

/** Every face in all results that is matched to the person, ordered by the keys of the documents. */
export async function* findPerson(
  name: string,
  { results, resultPrefix, signal }: FindOptions,
): AsyncGenerator<Sighting> {
  for await (const { head, content, faces } of findMentions(
    results,
    resultPrefix,
    canonicalName(name),
    signal,
  )) {
    for (const face of faces) {
      const { match, crop } = content.faces![face]!;
      yield {
        bucket: content.source.bucket,
        key: content.source.key,
        document: head.key,
        face,
        confidence: Number(match!.confidence),
        crop,
      };
    }
  }
}
