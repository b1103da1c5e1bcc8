import { createHash } from 'node:crypto';
import type { OssObjectEvent } from '../envelope/event.ts';
import type { ObjectHead, ObjectStore } from '../oss/object-store.ts';
import { AppError, isAppError } from '../runtime/errors.ts';

export interface FetchedObject {
  readonly bytes: Buffer;
  readonly head: ObjectHead;
  /** Lower-case hex. */
  readonly sha256: string;
}

export type FetchResult = FetchedObject | 'gone' | 'superseded';

/**
 * Fetches the object version that the event describes, not an older or newer one. Throws `ImageTooLarge` before it
 * reads a body that exceeds `maxBytes`.
 */
export async function fetchSource(
  store: ObjectStore,
  event: OssObjectEvent,
  { maxBytes, signal }: { maxBytes: number; signal?: AbortSignal },
): Promise<FetchResult> {
  if (event.size !== undefined) assertSize(event.size, maxBytes);
  const read = await openSource(store, event.key, signal);
  if (!read) return 'gone';
  const { head, body } = read;
  try {
    if (isOtherWrite(head, event)) return 'superseded';
    assertSize(head.size, maxBytes);
    const chunks: Buffer[] = [];
    const hash = createHash('sha256');
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      hash.update(chunk);
    }
    return { bytes: Buffer.concat(chunks), head, sha256: hash.digest('hex') };
  } finally {
    body.destroy();
  }
}

/** No document says whether notifications percent-encode keys: tries the key as it came, then its decoded form. */
async function openSource(store: ObjectStore, key: string, signal?: AbortSignal) {
  for (const candidate of new Set([key, decoded(key)])) {
    try {
      return await store.get(candidate, { signal });
    } catch (error) {
      if (!isAppError(error, 'NoSuchKey')) throw error;
    }
  }
  return undefined;
}

function decoded(key: string): string {
  if (!/%[0-9a-f]{2}/i.test(key)) return key;
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function isOtherWrite(head: ObjectHead, event: OssObjectEvent): boolean {
  if (event.versionId && head.versionId && event.versionId !== head.versionId) return true;
  return event.etag !== undefined && event.etag !== '' && head.etag !== event.etag;
}

function assertSize(size: number, maxBytes: number): void {
  if (size <= maxBytes) return;
  throw new AppError('ImageTooLarge', `the object has ${size} bytes, more than MAX_BYTES=${maxBytes}`, {
    details: { size, maxBytes },
  });
}
