import { createHash } from 'node:crypto';
import type { OssObjectEvent } from '../envelope/event.ts';
import type { ObjectHead, ObjectStore } from '../oss/object-store.ts';
import { AppError, isAppError } from '../runtime/errors.ts';
import { keyForms } from './key-forms.ts';

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

async function openSource(store: ObjectStore, key: string, signal?: AbortSignal) {
  for (const candidate of keyForms(key)) {
    try {
      return await store.get(candidate, { signal });
    } catch (error) {
      // A bucket that was deleted after the event has taken its objects along.
      if (!isAppError(error, 'NoSuchKey', 'NoSuchBucket')) throw asObjectError(error);
    }
  }
  return undefined;
}

/**
 * A refusal to read one object is the fault of that object. A wrong key or region concerns every object: OSS has other codes
 * for a wrong key, and names the right endpoint for a wrong region.
 */
function asObjectError(error: unknown): unknown {
  if (!isAppError(error)) return error;
  const { code, message, details } = error;
  const isKms = /^kms/i.test(String(details.ossCode ?? ''));
  if (!isKms && (code !== 'AccessDenied' || details.endpoint !== undefined)) return error;
  return new AppError('ObjectUnreadable', message, { details, cause: error });
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
