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
 * Fetches the object that the event speaks of: not an older or newer one. Throws `ImageTooLarge` before reading a body
 * that exceeds `maxBytes`.
 */
export async function fetchSource(
  store: ObjectStore,
  event: OssObjectEvent,
  { maxBytes, signal }: { maxBytes: number; signal?: AbortSignal },
): Promise<FetchResult> {
  const read = await openSource(store, event.key, signal);
  if (!read) return 'gone';
  const { head, body } = read;
  if (isOtherWrite(head, event)) {
    body.destroy();
    return 'superseded';
  }
  if (head.size > maxBytes) {
    body.destroy();
    throw tooLarge(head.size, maxBytes);
  }
  const chunks: Buffer[] = [];
  const hash = createHash('sha256');
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    hash.update(chunk);
  }
  return { bytes: Buffer.concat(chunks), head, sha256: hash.digest('hex') };
}

/** No document says whether notifications percent-encode keys: the raw key goes first, its decoded form second. */
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

export function tooLarge(size: number, maxBytes: number): AppError {
  return new AppError('ImageTooLarge', `the object has ${size} bytes, more than MAX_BYTES=${maxBytes}`, {
    details: { size, maxBytes },
  });
}
