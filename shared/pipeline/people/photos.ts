import { createHash } from 'node:crypto';
import type { OssObjectEvent } from '../../envelope/event.ts';
import { eventOf, uploadRecord } from '../../envelope/record.ts';
import { canonicalName } from '../../faces/gallery/person-name.ts';
import type { ObjectStore } from '../../oss/object-store.ts';

export interface Photo {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
  /** OSS request id of the write; a listing does not contain it. */
  readonly requestId?: string;
}

/** Photos below a prefix, without the empty objects that represent folders. */
export async function listPhotos(store: ObjectStore, prefix: string, signal?: AbortSignal): Promise<Photo[]> {
  const photos: Photo[] = [];
  for await (const entry of store.list({ prefix, signal })) {
    if (!entry.key.endsWith('/')) photos.push(entry);
  }
  return photos;
}

/** The event that the upload of an existing photo would have caused. */
export function photoEvent(bucket: string, region: string, photo: Photo): OssObjectEvent {
  const { key, size, etag, lastModified } = photo;
  // Replaces the unknown request id of the write, and stays the same as long as the photo does.
  const requestId = photo.requestId ?? `LIST-${etag}-${lastModified / 1000}`;
  const record = uploadRecord({ bucket, key, region, requestId, time: lastModified, size, etag });
  return eventOf(record, { envelopes: [], index: 0 });
}

/** The person of a photo, from the folder in its key, in NFC; `undefined` when the key is in no person's folder. */
export function personOf(key: string, peoplePrefix: string): string | undefined {
  if (!key.startsWith(peoplePrefix) || key.endsWith('/')) return undefined;
  const [person, ...file] = key.slice(peoplePrefix.length).split('/');
  return file.length > 0 ? canonicalName(person!) : undefined;
}

/** The name of the photo and its write within the gallery. */
export function photoOf({ bucket, key, requestId }: OssObjectEvent): string {
  return createHash('sha256').update([bucket, key, requestId].join('\n')).digest('base64url');
}
