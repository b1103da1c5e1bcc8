import { enrolmentKeys, readRecord } from './enrol-record.ts';
import type { ForgetParts } from './forget.ts';
import { listPhotos, personOf } from './people-photos.ts';

/** One photo of one person. With the photos themselves, all that is needed to enrol everybody elsewhere. */
export interface ExportedPhoto {
  readonly person: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  /** As the record says; `pending` when there is none of this photo. */
  readonly outcome: 'enrolled' | 'refused' | 'invalid' | 'failed' | 'pending';
  /** Why it is not enrolled. */
  readonly reason?: string;
}

/** Everybody's photos, in the order of their keys. Embeddings are not exported: they can be computed, and misused. */
export async function* exportPeople({
  source,
  results,
  peoplePrefix,
  resultPrefix,
  signal,
}: Omit<ForgetParts, 'gallery'>): AsyncGenerator<ExportedPhoto> {
  for (const { key, size, etag } of await listPhotos(source, peoplePrefix, signal)) {
    const person = personOf(key, peoplePrefix);
    if (person === undefined) continue;
    const { document } = enrolmentKeys(resultPrefix, { bucket: source.bucket, key });
    const record = await readRecord(results, document, signal);
    const reason = record?.refusal?.reason ?? record?.error?.code;
    const current = record?.source.etag === etag;
    yield {
      person,
      key,
      size,
      etag,
      outcome: current ? record.outcome : 'pending',
      ...(current && reason !== undefined && { reason }),
    };
  }
}
