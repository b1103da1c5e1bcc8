import * as path from 'node:path';
import { AppError, isAppError } from '../../../shared/runtime/errors.ts';
import type { Logger } from '../../../shared/runtime/log.ts';
import { crc32 } from '../../disk/checksum.ts';
import type { DataFolder } from '../../disk/data-folder.ts';
import { type DurableFiles, isDiskFull } from '../../disk/durable-files.ts';
import { type Log, openLog } from '../../disk/log.ts';
import type { Address } from '../../disk/log-reader.ts';
import type { LogPosition } from '../../disk/scan-log.ts';
import { type BlobFolder, openBlobFolder } from './blob-folder.ts';
import { type Blob, readSegments, receiveBlob, type SizeCheck } from './blobs.ts';
import { type ByteStream, openByteStream } from './byte-stream.ts';
import { type Change, decodeChanges, encodeChanges } from './changes.ts';
import { bytesInLog, nameOfEntry } from './entries.ts';
import { type KeyIndex, openKeyIndex } from './index/key-index.ts';
import type { IndexEntry } from './index/sorted-run.ts';
import { createLocks, type Locks } from './locks.ts';
import { reportLostBytes } from './lost-bytes.ts';
import { filesOf, type ReceivedSegment, type Segment } from './records.ts';

/**
 * The entries of all buckets, and the bytes of objects:
 *
 *     log/     the truth: every change, with the bytes of small objects
 *     index/   the last value of each key in order, to be made again from the log
 *     blobs/   the bytes of larger objects
 */
export interface Storage {
  readonly log: Log;
  readonly blobs: BlobFolder;
  readonly index: Pick<KeyIndex<unknown>, 'get' | 'from' | 'weight'>;
  readonly locked: Locks;
  commit(commit: Commit): Promise<void>;
  /** Stores bytes that a commit will name, or `discard` removes. */
  receive(key: string, source: AsyncIterable<Uint8Array>, checkSize?: SizeCheck): Promise<Blob>;
  /**
   * The bytes from `start` to `end` (exclusive) of segments that follow each other. They stay until the stream is closed, even
   * if nothing names them any more. Throws `StorageCorrupt`.
   */
  read(segments: readonly Segment[], start: number, end: number): Promise<ByteStream>;
  discard(segments: readonly Segment[]): Promise<void>;
  /** Whether somebody reads from this file of the log. */
  isLogRead(file: number): boolean;
  /** Writes what is only in memory to the index. */
  checkpoint(): Promise<void>;
  close(): Promise<void>;
}

/** A change that becomes durable atomically. */
export interface Commit {
  /** Segments that the new values name; those that were just received get their place in the log. */
  readonly segments: readonly Segment[];
  /** The new values, with every segment as `place` returns it. */
  readonly changes: (place: (segment: Segment) => Segment) => readonly Change[];
  /** Files of blobs that are needed no more. */
  readonly dropped: readonly string[];
}

export interface StorageDeps {
  readonly folder: string;
  readonly files: DurableFiles;
  readonly data: DataFolder;
  readonly logger: Logger;
  /** Called in the background after the index was written. Nothing else is then written to it. */
  readonly onCheckpoint?: () => Promise<void>;
}

/** What the index knows about the log. */
export interface Checkpoint {
  /** Every entry before it is in the index. */
  readonly position: LogPosition;
  /** Bytes by number of file. */
  readonly sizes: readonly (readonly [file: number, size: number])[];
}

/** The index is flushed when its changes take this much memory, or this much of the log. */
const FLUSH_INDEX_BYTES = 16 * 1024 * 1024;
const FLUSH_LOG_BYTES = 64 * 1024 * 1024;

/** What an entry takes in the log, besides its texts and bytes: the header of a frame and some signs. */
const FRAME_BYTES = 40;

export const weighEntry = ([key, value]: IndexEntry) =>
  value === undefined ? 0 : FRAME_BYTES + key.length + value.length + bytesInLog(value);

export async function openStorage(deps: StorageDeps): Promise<Storage> {
  const { folder, files, data, logger, onCheckpoint = async () => {} } = deps;
  const index = await openIndex(deps);
  const blobs = await openBlobFolder(path.join(folder, 'blobs'), files);
  const checked = index.meta;
  const logFolder = path.join(folder, 'log');
  const dropped = new Set<string>();
  let hasFlushed = false;
  const log = await openLog({
    folder: logFolder,
    files,
    data,
    from: checked?.position,
    apply({ text, intact, offset }, file) {
      const set = decodeChanges(text);
      for (const { key, value } of set.changes) {
        index.set(key, value);
        if (intact) continue;
        const what = nameOfEntry(key);
        data.report({ what, problem: `has damaged bytes in file ${file} of the log`, offset, lost: 1 });
      }
      for (const name of set.dropped) dropped.add(name);
    },
    async onProgress(position) {
      if (index.unflushedBytes() < FLUSH_INDEX_BYTES) return;
      hasFlushed = true;
      await index.flush({ position, sizes: [] });
    },
  });
  reportLostBytes(checked?.sizes ?? [], { folder: logFolder, sizes: log.sizes() }, index, data);
  for (const name of dropped) await blobs.remove(name);

  const pins = new Map<string, number>();
  const doomed = new Set<string>();
  const removals = new Set<Promise<unknown>>();
  let bytesSinceFlush = 0;
  let flushing: Promise<void> | undefined;

  const removeFiles = async (names: readonly string[]) => {
    const removal = Promise.all(
      names.map(async (name) => {
        if (pins.has(name)) doomed.add(name);
        else await blobs.remove(name);
      }),
    );
    removals.add(removal);
    await removal.finally(() => removals.delete(removal));
  };

  const pin = (names: readonly string[]) => {
    for (const name of names) pins.set(name, (pins.get(name) ?? 0) + 1);
    return () => {
      for (const name of names) {
        const count = pins.get(name)! - 1;
        if (count > 0) pins.set(name, count);
        else {
          pins.delete(name);
          if (doomed.delete(name)) void removeFiles([name]);
        }
      }
    };
  };

  const checkpoint = async (options?: { readonly merges: boolean }) => {
    await Promise.allSettled(removals);
    bytesSinceFlush = 0;
    // Both at once: what the log ends with now is in the index.
    await index.flush({ position: log.end(), sizes: [...log.sizes()] }, options);
  };
  const checkpointIfDue = () => {
    const isDue = bytesSinceFlush > FLUSH_LOG_BYTES || index.unflushedBytes() > FLUSH_INDEX_BYTES;
    if (flushing || !isDue) return;
    flushing = checkpoint()
      .then(onCheckpoint)
      .catch((error) => logger.error({ err: error }, 'the index was not written or the log not cleaned'))
      .finally(() => {
        flushing = undefined;
      });
  };
  // After damage, the position of the last checkpoint may mean something else in the log as it is now.
  if (hasFlushed || (checked && !log.wasSound)) await checkpoint();

  return {
    log,
    blobs,
    index,
    locked: createLocks(),
    async commit({ segments, changes, dropped: names }) {
      const received = segments.filter((segment) => 'bytes' in segment);
      const bytes = received.length > 0 ? Buffer.concat(received.map((segment) => segment.bytes)) : undefined;
      let made: readonly Change[] = [];
      await log.append({
        bytes,
        text(at) {
          const placed = placeSegments(received, at);
          made = changes((segment) => placed.get(segment) ?? segment);
          const text = encodeChanges({ changes: made, dropped: names });
          bytesSinceFlush += text.length + (bytes?.length ?? 0);
          return text;
        },
        onDurable() {
          for (const { key, value } of made) index.set(key, value);
        },
      });
      checkpointIfDue();
      await removeFiles(names);
    },
    async receive(key, source, checkSize = () => {}) {
      try {
        return await receiveBlob(source, key, blobs, checkSize);
      } catch (cause) {
        if (!isDiskFull(cause)) throw cause;
        throw new AppError('DiskFull', `cannot write to ${folder}: the disk is full`, { cause });
      }
    },
    read(segments, start, end) {
      const unpin = pin(segments.map(pinOf));
      return openByteStream(readSegments(segments, start, end, { folder: blobs, log }), unpin);
    },
    discard: (segments) => removeFiles(filesOf(segments)),
    isLogRead: (file) => pins.has(logPin(file)),
    checkpoint: () => checkpoint(),
    async close() {
      await flushing;
      await log.close();
      await Promise.allSettled(removals);
      if (files.durable && index.unflushedBytes() > 0) {
        // The next start has less to read. If it cannot be written, the log has it.
        await checkpoint({ merges: false }).catch((error) =>
          logger.warn({ err: error }, 'the index was not written'),
        );
      }
      await blobs.close();
      index.close();
    },
  };
}

/** An index that is damaged is set aside and made again: the log has everything. */
async function openIndex({ folder, files, data }: StorageDeps): Promise<KeyIndex<Checkpoint>> {
  const indexFolder = path.join(folder, 'index');
  try {
    return await openKeyIndex<Checkpoint>({ folder: indexFolder, files, weigh: weighEntry });
  } catch (error) {
    if (!isAppError(error, 'StorageCorrupt')) throw error;
    const what = data.relative(indexFolder);
    const copy = await data.aside.move(indexFolder);
    data.report({
      what,
      problem: error.message,
      lost: 0,
      remedy: `it is made again from the log; the old one is ${copy}`,
    });
    return openKeyIndex<Checkpoint>({ folder: indexFolder, files, weigh: weighEntry });
  }
}

function placeSegments(
  received: readonly ReceivedSegment[],
  { file, offset }: Address,
): Map<Segment, Segment> {
  const placed = new Map<Segment, Segment>();
  let next = offset;
  for (const segment of received) {
    const { bytes, size } = segment;
    placed.set(segment, { log: file, offset: next, size, crc: crc32(bytes) });
    next += size;
  }
  return placed;
}

const logPin = (file: number) => `log ${file}`;

function pinOf(segment: Segment): string {
  if ('file' in segment) return segment.file;
  return 'log' in segment ? logPin(segment.log) : '';
}
