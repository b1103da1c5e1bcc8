import type { ForgetDeps } from './forget.ts';
import { listPhotos, personOf } from './photos.ts';
import { enrolmentKeys, readRecord } from './record.ts';

/** One photo of one person. Together with the photos, this is enough to enrol everyone in another gallery. */
export interface ExportedPhoto {
  readonly person: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  /** From the record of the photo; `pending` when the photo has no record. */
  readonly outcome: 'enrolled' | 'refused' | 'invalid' | 'failed' | 'pending';
  /** Why the photo is not enrolled. */
  readonly reason?: string;
}

/** The photos of all people, in key order. Embeddings are not exported: they can be recomputed, and they can be misused. */
export async function* exportPeople({
  source,
  results,
  peoplePrefix,
  resultPrefix,
  signal,
}: Omit<ForgetDeps, 'gallery'>): AsyncGenerator<ExportedPhoto> {
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
      reason: current ? reason : undefined,
    };
  }
}
