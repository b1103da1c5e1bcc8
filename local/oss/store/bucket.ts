import { isAppError } from '../../../shared/runtime/errors.ts';
import { OssRefusal } from '../errors.ts';
import type { Blob, SizeCheck } from './blobs.ts';
import type { Change } from './changes.ts';
import { decodeObject, encodeObject, encodeRecord, entryKeys } from './entries.ts';
import {
  type BucketRecord,
  filesOf,
  type ObjectRecord,
  type ObjectVersion,
  type Segment,
  segmentsOf,
} from './records.ts';
import type { Storage } from './storage.ts';
import { createUploads, type Upload, type Uploads } from './uploads.ts';

/** Larger segments stay as they are. */
const MAX_JOINED_BYTES = 8 * 1024 * 1024;

/** The result of an edit: the new versions of the key, none to delete it. */
export interface Edit<T> {
  readonly versions: readonly ObjectVersion[];
  readonly result: T;
}

export interface EditOptions {
  /** Segments that were stored for this edit. They are deleted unless it uses them. */
  readonly fresh?: readonly Segment[];
  /** An upload that ends with the edit: its parts that the edit does not use are deleted. */
  readonly ends?: Upload;
}

export interface BucketStore {
  readonly record: BucketRecord;
  readonly uploads: Uploads;
  find(key: string): ObjectRecord | undefined;
  /** Records in the byte order of their keys, from a key on. Not to be used after another turn of the event loop. */
  from(key: string): Generator<ObjectRecord>;
  /** Replaces the versions of one key, one edit at a time. Resolves when the change is on disk. */
  edit<T>(
    key: string,
    change: (current: ObjectRecord | undefined) => Edit<T> | Promise<Edit<T>>,
    options?: EditOptions,
  ): Promise<T>;
  update(change: (record: BucketRecord) => BucketRecord): Promise<void>;
  readonly endUpload: (upload: Upload) => Promise<void>;
  write(key: string, source: AsyncIterable<Uint8Array>, checkSize?: SizeCheck): Promise<Blob>;
  /** Copies the bytes from `start` to `end` (exclusive) of segments, of whatever bucket. */
  copy(key: string, segments: readonly Segment[], start: number, end: number): Promise<Blob>;
  /** The same bytes in fewer segments: the last ones, which are small, are copied into one. */
  joinLast(key: string, segments: readonly Segment[]): Promise<Segment[]>;
  read: Storage['read'];
  discard: Storage['discard'];
  /** Deletes the bucket. Fails with `BucketNotEmpty`. */
  remove(): Promise<void>;
  /** Refuses all further changes. */
  abandon(): void;
}

export function openBucket(initial: BucketRecord, storage: Storage): BucketStore {
  const { index, locked, commit } = storage;
  const { name } = initial;
  const bucketKey = entryKeys.bucket(name);
  const objectKey = (key: string) => entryKeys.object(name, key);
  const prefix = objectKey('');
  const uploads = createUploads(name, storage);
  let record = initial;
  const writers = new Set<Promise<void>>();
  let isRemoved = false;

  const find = (key: string): ObjectRecord | undefined => {
    const value = index.get(objectKey(key));
    return value === undefined ? undefined : decodeObject(key, value);
  };
  function* from(start: string): Generator<ObjectRecord> {
    for (const [key, value] of index.from(objectKey(start))) {
      if (!key.startsWith(prefix)) return;
      yield decodeObject(key.slice(prefix.length), value);
    }
  }

  /** A change that the deletion of the bucket waits for. */
  const writing = async <T>(change: () => Promise<T>): Promise<T> => {
    if (isRemoved) throw noSuchBucket(name);
    const written = change();
    const settled = written.then(
      () => {},
      () => {},
    );
    writers.add(settled);
    try {
      return await written;
    } finally {
      writers.delete(settled);
    }
  };

  /** Does not delay the deletion of the bucket: the edit that would use the bytes fails then. */
  const receive: BucketStore['write'] = async (key, source, checkSize) => {
    if (isRemoved) throw noSuchBucket(name);
    return storage.receive(objectKey(key), source, checkSize);
  };

  const copy: BucketStore['copy'] = async (key, segments, start, end) => {
    const source = await storage.read(segments, start, end);
    try {
      return await receive(key, source.pieces);
    } finally {
      await source.close();
    }
  };

  return {
    get record() {
      return record;
    },
    uploads,
    find,
    from,
    async edit(key, change, { fresh = [], ends } = {}) {
      if (isRemoved) await storage.discard(fresh);
      return writing(() =>
        locked(objectKey(key), async () => {
          const before = find(key);
          const removal = ends && uploads.removalOf(ends);
          const old = segmentsOf(before);
          let created = fresh;
          try {
            const { versions, result } = await change(before);
            const segments = versions.flatMap((version) => version.segments);
            if (!removal) created = [...fresh, ...segments.filter((segment) => !old.includes(segment))];
            if (versions === before?.versions || (!before && versions.length === 0)) {
              await storage.discard(fresh);
              return result;
            }
            const used = new Set(filesOf(segments));
            const mine = [...filesOf(fresh), ...filesOf(old), ...(removal?.files ?? [])];
            await commit({
              segments,
              changes: (place) => [changeOf(objectKey(key), versions, place), ...(removal?.changes ?? [])],
              dropped: mine.filter((file) => !used.has(file)),
            });
            return result;
          } catch (error) {
            // After any other failure, the change may be on disk. The next start looks.
            if (!isAppError(error, 'JournalFailed')) await storage.discard(created);
            throw error;
          }
        }),
      );
    },
    update: (change) =>
      writing(() =>
        locked(bucketKey, async () => {
          const next = change(record);
          const value = encodeRecord(next);
          await commit({ segments: [], changes: () => [{ key: bucketKey, value }], dropped: [] });
          record = next;
        }),
      ),
    endUpload: (upload) =>
      writing(() => {
        const { changes, files } = uploads.removalOf(upload);
        return commit({ segments: [], changes: () => changes, dropped: files });
      }),
    write: receive,
    copy,
    async joinLast(key, segments) {
      let first = segments.length - 1;
      let size = segments[first]?.size ?? 0;
      // A segment is copied only with as many bytes again, so each byte is copied seldom.
      for (; first > 0; first--) {
        const before = segments[first - 1]!.size;
        if (before > 2 * size || before + size > MAX_JOINED_BYTES) break;
        size += before;
      }
      if (segments.length - first < 2) return [...segments];
      const joined = await copy(key, segments.slice(first), 0, size);
      return [...segments.slice(0, first), joined.segment];
    },
    read: storage.read,
    discard: storage.discard,
    async remove() {
      do {
        if (!from('').next().done) throw notEmpty();
        if (hasUploads()) {
          throw notEmpty(
            'The bucket has not completed multipart uploads. Please abort or complete them first.',
          );
        }
        await Promise.all(writers);
      } while (writers.size > 0 || !from('').next().done || hasUploads());
      if (isRemoved) throw noSuchBucket(name);
      isRemoved = true;
      await commit({ segments: [], changes: () => [{ key: bucketKey }], dropped: [] }).catch((error) => {
        isRemoved = false;
        throw error;
      });
    },
    abandon() {
      isRemoved = true;
    },
  };

  function hasUploads(): boolean {
    for (const _ of uploads.all()) return true;
    return false;
  }

  function notEmpty(message?: string): OssRefusal {
    return new OssRefusal('BucketNotEmpty', { message, elements: { BucketName: name } });
  }
}

function changeOf(
  key: string,
  versions: readonly ObjectVersion[],
  place: (segment: Segment) => Segment,
): Change {
  if (versions.length === 0) return { key };
  const placed = versions.map((version) => ({ ...version, segments: version.segments.map(place) }));
  return { key, value: encodeObject({ key, versions: placed }) };
}

export function noSuchBucket(name: string): OssRefusal {
  return new OssRefusal('NoSuchBucket', { elements: { BucketName: name } });
}
