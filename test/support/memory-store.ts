import { createHash } from 'node:crypto';
import { addAbortSignal, Readable } from 'node:stream';
import { assertKey } from '../../shared/oss/key.ts';
import { normalizeContentType, normalizeMetadata } from '../../shared/oss/metadata.ts';
import type { GetOptions, ObjectHead, ObjectStore } from '../../shared/oss/object-store.ts';
import { rangeHeader } from '../../shared/oss/range.ts';
import { assertNotAborted } from '../../shared/runtime/abort.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { AppError } from '../../shared/runtime/errors.ts';

interface StoredObject {
  readonly head: ObjectHead;
  readonly bytes: Buffer;
}

/** A bucket without versions within the process. */
export function createMemoryStore({
  bucket = 'memory',
  clock,
}: {
  bucket?: string;
  clock: Clock;
}): ObjectStore {
  const objects = new Map<string, StoredObject>();
  let writes = 0;

  const find = (key: string, versionId: string | undefined): StoredObject | undefined => {
    assertKey(key);
    return isCurrentVersion(versionId) ? objects.get(key) : undefined;
  };

  return {
    bucket,

    async head(key, { versionId, signal } = {}) {
      assertNotAborted(signal, `head of ${bucket}/${key}`);
      return find(key, versionId)?.head;
    },

    async get(key, { versionId, range, signal } = {}) {
      assertNotAborted(signal, `get of ${bucket}/${key}`);
      const found = find(key, versionId);
      if (!found) throw noSuchKey(bucket, key);
      const { start, end } = range ? resolveRange(range, found.bytes.length) : { start: 0, end: undefined };
      const part = found.bytes.subarray(start, end === undefined ? undefined : end + 1);
      const body = Readable.from(part.length > 0 ? [part] : [], { objectMode: false });
      return { head: found.head, body: signal ? addAbortSignal(signal, body) : body };
    },

    async put(key, body, { contentType, metadata, forbidOverwrite, signal } = {}) {
      assertKey(key);
      const described = {
        contentType: normalizeContentType(contentType),
        metadata: normalizeMetadata(metadata),
      };
      const bytes = await collect(body, signal, `put of ${bucket}/${key}`);
      if (forbidOverwrite && objects.has(key)) throw objectAlreadyExists(bucket, key);
      const etag = createHash('md5').update(bytes).digest('hex').toUpperCase();
      const head: ObjectHead = {
        key,
        size: bytes.length,
        etag,
        lastModified: Math.floor(clock.now() / 1000) * 1000,
        ...described,
      };
      objects.set(key, { head, bytes });
      return { etag, requestId: (++writes).toString(16).toUpperCase().padStart(24, '0') };
    },

    async delete(key, { signal } = {}) {
      assertNotAborted(signal, `delete of ${bucket}/${key}`);
      assertKey(key);
      objects.delete(key);
    },

    async *list({ prefix = '', after = '', signal } = {}) {
      const keys = [...objects.keys()]
        .filter((key) => key.startsWith(prefix) && compareKeys(key, after) > 0)
        .sort(compareKeys);
      for (const key of keys) {
        assertNotAborted(signal, `list of ${bucket}`);
        const found = objects.get(key);
        if (!found) continue;
        const { size, etag, lastModified } = found.head;
        yield { key, size, etag, lastModified };
      }
    },
  };
}

/** A copy, so that a caller who reuses its buffer changes no object. */
async function collect(
  body: Uint8Array | Readable,
  signal: AbortSignal | undefined,
  what: string,
): Promise<Buffer> {
  assertNotAborted(signal, what);
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of signal ? addAbortSignal(signal, body) : body) chunks.push(chunk);
  } catch (error) {
    assertNotAborted(signal, what);
    throw error;
  }
  return Buffer.concat(chunks);
}

/** The order of OSS listings: that of the UTF-8 bytes, which differs from that of strings beyond U+FFFF. */
function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** A bucket that never had versions knows only the version `null`. */
function isCurrentVersion(versionId: string | undefined): boolean {
  return versionId === undefined || versionId === 'null';
}

/** First and last byte within an object of `size` bytes. Throws `InvalidRequest` when it begins behind the end. */
function resolveRange(range: NonNullable<GetOptions['range']>, size: number): { start: number; end: number } {
  rangeHeader(range);
  if (range.start >= size)
    throw new AppError('InvalidRequest', `range begins at byte ${range.start} of an object of ${size}`);
  return { start: range.start, end: Math.min(range.end ?? size - 1, size - 1) };
}

function noSuchKey(bucket: string, key: string): AppError {
  return new AppError('NoSuchKey', `${bucket} has no object ${key}`, { details: { bucket, key } });
}

export function objectAlreadyExists(bucket: string, key: string): AppError {
  return new AppError('ObjectAlreadyExists', `${bucket} already has an object ${key}`, {
    details: { bucket, key },
  });
}
