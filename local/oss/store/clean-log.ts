import * as fs from 'node:fs/promises';
import pLimit from 'p-limit';
import { AppError } from '../../../shared/runtime/errors.ts';
import { readFrames } from '../../disk/frames.ts';
import { logFile } from '../../disk/scan-log.ts';
import { readLogged } from './blobs.ts';
import { decodeChanges } from './changes.ts';
import { segmentsIn, uploadKeyOf, withSegments } from './entries.ts';
import type { LogSegment, ReceivedSegment, Segment } from './records.ts';
import type { Storage } from './storage.ts';

/** The log may have this much more than twice what its entries need. */
const MAX_WASTE_BYTES = 64 * 1024 * 1024;
/** Each start of the program begins a file. */
const MAX_FILES = 64;
/** Entries that are moved at the same time, so that they share flushes. */
const CONCURRENCY = 64;

type Cleanable = Pick<Storage, 'log' | 'index' | 'locked' | 'commit' | 'checkpoint' | 'isLogRead'>;

export interface CleaningOptions {
  readonly signal: AbortSignal;
  /** Whether the oldest file has to go. @default whether the log is much larger than its entries need */
  readonly isDue?: (storage: Cleanable) => boolean;
}

/**
 * Moves what is still needed of the oldest files of the log to its end, and deletes the files. Deletions that they state need
 * not be moved: nothing older is left that they would delete.
 */
export async function cleanLog(
  folder: string,
  storage: Cleanable,
  { signal, isDue = isWasteful }: CleaningOptions,
): Promise<void> {
  const { log, checkpoint, isLogRead } = storage;
  while (isDue(storage)) {
    const [oldest] = log.sizes().keys();
    if (oldest === undefined || oldest === log.end().file) return;
    await moveEntries(folder, oldest, storage, signal);
    if (signal.aborted) return;
    await checkpoint();
    // The next cleaning finds nothing to move, and deletes it.
    if (isLogRead(oldest)) return;
    await log.removeUpTo(oldest);
  }
}

function isWasteful({ log, index }: Cleanable): boolean {
  let bytes = 0;
  for (const size of log.sizes().values()) bytes += size;
  return bytes > 2 * index.weight() + MAX_WASTE_BYTES || log.sizes().size > MAX_FILES;
}

async function moveEntries(
  folder: string,
  file: number,
  storage: Cleanable,
  signal: AbortSignal,
): Promise<void> {
  const limited = pLimit(CONCURRENCY);
  const handle = await fs.open(logFile(folder, file), 'r');
  try {
    for await (const batch of readFrames(handle)) {
      const changes = batch.flatMap((item) => {
        if ('text' in item) return decodeChanges(item.text).changes;
        // The entries that were there are in the index alone, so this file must stay until a repair.
        throw new AppError('StorageCorrupt', `file ${file} of the log is damaged at byte ${item.offset}`, {
          details: { file, offset: item.offset },
        });
      });
      await limited.map(changes, async ({ key, value }) => {
        if (value !== undefined && !signal.aborted) await moveEntry(key, value, file, storage);
      });
    }
  } finally {
    await handle.close();
  }
}

/** Writes an entry again if this file has its value, or bytes of it. Throws `StorageCorrupt` if these are damaged. */
function moveEntry(key: string, written: string, file: number, storage: Cleanable): Promise<void> {
  const { log, index, locked, commit } = storage;
  return locked(lockOf(key), async () => {
    const value = index.get(key);
    if (value === undefined) return;
    const inside = segmentsIn(key, value).filter(
      (segment): segment is LogSegment => 'log' in segment && segment.log === file,
    );
    if (inside.length === 0 && value !== written) return;
    const received = new Map<number, ReceivedSegment>();
    for (const segment of inside) {
      received.set(segment.offset, { bytes: await readLogged(segment, log), size: segment.size });
    }
    const moved = (segment: Segment) =>
      'log' in segment && segment.log === file ? received.get(segment.offset)! : segment;
    await commit({
      segments: [...received.values()],
      changes: (place) => [{ key, value: withSegments(key, value, (segment) => place(moved(segment))) }],
      dropped: [],
    });
  });
}

/** Whoever changes a part locks its upload. */
function lockOf(key: string): string {
  return key.startsWith('p/') ? uploadKeyOf(key) : key;
}
