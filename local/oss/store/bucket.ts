import { createHash, randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import type { DurableFiles } from '../../disk/durable-files.ts';
import { OssRefusal } from '../errors.ts';
import { appendToFile, type Blob, readSegments, type SizeCheck, writeBlob } from './blobs.ts';
import { type Commit, createCommitLog, memoryLog } from './commit-log.ts';
import { createSortedKeys, type SortedKeys } from './key-order.ts';
import { createLocks } from './locks.ts';
import {
  type BucketRecord,
  filesOf,
  type ObjectRecord,
  type ObjectVersion,
  type Segment,
} from './records.ts';
import { createUploads, type Uploads } from './uploads.ts';

/** The result of an edit: the new versions of the key, none to delete it. */
export interface Edit<T> {
  readonly versions: readonly ObjectVersion[];
  readonly result: T;
}

/**
 * One bucket on disk:
 *
 *     bucket.json               the bucket's own record
 *     log.<generation>          commits that are not in the files below yet, see `commit-log.ts`
 *     objects/<hash>.json       the record of one key, replaced as a whole
 *     objects/<hash>.<id>       bytes that a record or an upload names; others are deleted at the next start
 *     uploads/<id>/             multipart uploads in progress, see `uploads.ts`
 *
 * `<hash>` is the SHA-256 of the key, so that a key is never a path. Records are kept in memory, bytes are not.
 */
export interface BucketStore {
  readonly record: BucketRecord;
  readonly keys: SortedKeys;
  readonly uploads: Uploads;
  find(key: string): ObjectRecord | undefined;
  all(): Iterable<ObjectRecord>;
  /**
   * Replaces the versions of one key, one edit at a time. Resolves when the change is on disk. Deletes the files of
   * `fresh` that the change does not use, and the files that no record names any more.
   */
  edit<T>(
    key: string,
    change: (current: ObjectRecord | undefined) => Edit<T> | Promise<Edit<T>>,
    fresh?: readonly Segment[],
  ): Promise<T>;
  update(change: (record: BucketRecord) => BucketRecord): Promise<void>;
  write(key: string, source: AsyncIterable<Uint8Array>, checkSize?: SizeCheck): Promise<Blob>;
  /** Appends to the last segment in place; readers stop at the size that they know. */
  extend(segment: Segment, blob: Segment): Promise<Segment>;
  /** The files exist until the stream is closed, even if the object is deleted. */
  read(segments: readonly Segment[], start: number, end: number): Readable;
  discard(segments: readonly Segment[]): Promise<void>;
  /** Deletes the bucket and its files. Fails with `BucketNotEmpty`. */
  remove(): Promise<void>;
  /** Writes all commits of the log to the files. */
  close(): Promise<void>;
  /** Closes the log of a bucket whose files are deleted. */
  abandon(): Promise<void>;
}

export async function createBucket(
  directory: string,
  record: BucketRecord,
  files: DurableFiles,
): Promise<BucketStore> {
  await fs.mkdir(path.join(directory, 'objects'), { recursive: true });
  await fs.mkdir(path.join(directory, 'uploads'), { recursive: true });
  await files.write(path.join(directory, 'bucket.json'), JSON.stringify(record));
  await files.syncDirectory(path.dirname(directory));
  return openBucket(directory, record, [], files);
}

export async function openBucket(
  directory: string,
  initial: BucketRecord,
  loaded: readonly ObjectRecord[],
  files: DurableFiles,
): Promise<BucketStore> {
  const objectsDirectory = path.join(directory, 'objects');
  const objects = new Map<string, ObjectRecord>();
  const keys = createSortedKeys();
  const locked = createLocks();
  const pins = new Map<string, number>();
  const doomed = new Set<string>();
  /** Files that no durable record names yet, with their bytes if these are not on disk. */
  const written = new Map<string, Buffer | 'flushed'>();
  const log = files.durable ? createCommitLog(directory, files) : memoryLog();
  let record = initial;
  let writers = 0;
  let removed = false;

  for (const object of loaded) {
    objects.set(object.key, object);
    keys.add(object.key);
  }

  const remember = (key: string, next: ObjectRecord | undefined) => {
    if (next) {
      if (!objects.has(key)) keys.add(key);
      objects.set(key, next);
    } else if (objects.delete(key)) keys.delete(key);
  };

  /**
   * Makes files durable together with the record that names them. The bytes of small files go into the log; the names of
   * larger files have to be on disk before the log is written.
   */
  const commit = async (names: readonly string[], record?: Commit['record']) => {
    const blobs = new Map<string, Buffer>();
    let flushNames = false;
    for (const name of names) {
      const fresh = written.get(name);
      if (Buffer.isBuffer(fresh)) blobs.set(name, fresh);
      else if (fresh) flushNames = true;
    }
    if (flushNames) await files.syncDirectory(objectsDirectory);
    if (record || blobs.size > 0) await log.append({ record, blobs });
    for (const name of names) written.delete(name);
  };

  const removeFiles = (names: readonly string[]) =>
    Promise.all(
      names.map(async (name) => {
        written.delete(name);
        if (pins.has(name)) doomed.add(name);
        else await fs.rm(path.join(objectsDirectory, name), { force: true });
      }),
    );

  const pin = (names: readonly string[]) => {
    for (const name of names) pins.set(name, (pins.get(name) ?? 0) + 1);
    return () => {
      for (const name of names) {
        const count = pins.get(name)! - 1;
        if (count > 0) pins.set(name, count);
        else {
          pins.delete(name);
          if (doomed.delete(name)) void fs.rm(path.join(objectsDirectory, name), { force: true });
        }
      }
    };
  };

  /** Prevents that the bucket is deleted during a write. */
  const writing = async <T>(work: () => Promise<T>): Promise<T> => {
    if (removed) throw noSuchBucket(record.name);
    writers++;
    try {
      return await work();
    } finally {
      writers--;
    }
  };

  const bucket: BucketStore = {
    get record() {
      return record;
    },
    keys,
    uploads: await createUploads(path.join(directory, 'uploads'), files, {
      settle: ({ file }) => commit([file]),
      discard: (segments) => bucket.discard(segments),
    }),
    find: (key) => objects.get(key),
    all: () => objects.values(),
    edit: (key, change, fresh = []) =>
      writing(() =>
        locked(key, async () => {
          const before = objects.get(key);
          const unused = new Set([...fresh.map(({ file }) => file), ...filesOf(before)]);
          let certain = true;
          try {
            const { versions, result } = await change(before);
            if (versions === before?.versions || (!before && versions.length === 0)) return result;
            const next = versions.length > 0 ? { key, versions } : undefined;
            certain = false;
            await commit(filesOf(next), { file: `${hashOf(key)}.json`, content: next });
            certain = true;
            remember(key, next);
            return result;
          } finally {
            for (const file of filesOf(objects.get(key))) unused.delete(file);
            // After a failed commit, either record may be on disk: the next start deletes unused files.
            if (certain) await removeFiles([...unused]);
          }
        }),
      ),
    update: (change) =>
      writing(() =>
        // No key is empty, so the empty key locks the bucket's own record.
        locked('', async () => {
          const next = change(record);
          await files.write(path.join(directory, 'bucket.json'), JSON.stringify(next));
          record = next;
        }),
      ),
    write: (key, source, checkSize) =>
      writing(async () => {
        const file = path.join(objectsDirectory, `${hashOf(key)}.${randomUUID()}`);
        const blob = await writeBlob(file, source, files, checkSize);
        if (files.durable) written.set(blob.segment.file, blob.unflushed ?? 'flushed');
        return blob;
      }).finally(() => {
        // A stream of this store keeps its files until it is closed, even if nobody reads it.
        if (source instanceof Readable) source.destroy();
      }),
    async extend(segment, blob) {
      const file = path.join(objectsDirectory, segment.file);
      await appendToFile(file, segment.size, readSegments(objectsDirectory, [blob], 0, blob.size), files);
      // The log may contain only the beginning of the file.
      await files.syncDirectory(objectsDirectory);
      return { file: segment.file, size: segment.size + blob.size };
    },
    read(segments, start, end) {
      const unpin = pin(segments.map(({ file }) => file));
      const stream = readSegments(objectsDirectory, segments, start, end);
      stream.once('close', unpin);
      return stream;
    },
    discard: async (segments) => void (await removeFiles(segments.map(({ file }) => file))),
    async remove() {
      if (objects.size > 0 || writers > 0 || bucket.uploads.size() > 0) {
        throw new OssRefusal('BucketNotEmpty', { elements: { BucketName: record.name } });
      }
      removed = true;
      await log.abandon();
      // Deleting many files takes time, a rename is atomic: the next start deletes the rest.
      const removing = path.join(path.dirname(directory), `.removed-${randomUUID()}`);
      await fs.rename(directory, removing);
      await files.syncDirectory(path.dirname(directory));
      await fs.rm(removing, { recursive: true, force: true });
    },
    close: log.close,
    abandon: log.abandon,
  };
  return bucket;
}

export function noSuchBucket(name: string): OssRefusal {
  return new OssRefusal('NoSuchBucket', { elements: { BucketName: name } });
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
