import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { isAppError } from '../../../shared/runtime/errors.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import type { DataFolder } from '../../disk/data-folder.ts';
import { createDurableFiles } from '../../disk/durable-files.ts';
import { openLogReader } from '../../disk/log-reader.ts';
import { mendLog } from '../../disk/mend-log.ts';
import { type LogPosition, scanLog } from '../../disk/scan-log.ts';
import { openBlobFolder } from './blob-folder.ts';
import { decodeChanges } from './changes.ts';
import { badEntries, type EntryReader } from './check-entries.ts';
import { nameOfEntry } from './entries.ts';
import { type KeyIndex, openKeyIndex } from './index/key-index.ts';
import { reportLostBytes } from './lost-bytes.ts';
import { readFormat } from './open-folder.ts';
import { type Checkpoint, weighEntry } from './storage.ts';
import { unusedBlobs } from './sweep.ts';
import { takeOverV1 } from './v1/take-over.ts';

const files = createDurableFiles(false);
/** Entries that a temporary index keeps in memory. */
const FLUSH_BYTES = 16 * 1024 * 1024;

/** Reads everything that OSS keeps in its folder and reports what is wrong. Changes nothing. */
export async function verifyOss(folder: string, data: DataFolder, ownerId: string): Promise<void> {
  const formatFile = path.join(folder, 'format');
  const format = await readFormat(formatFile, data);
  const names = await fs.readdir(folder).catch((): string[] => []);
  const isV1 = names.includes('taking-over') || !names.includes('log');
  if (isV1 && names.includes('buckets')) return verifyV1(path.join(folder, 'buckets'), data, ownerId);
  if (names.includes('log') && format !== 'valid') {
    data.report({ what: data.relative(formatFile), problem: `is ${format}` });
  }
  const temporary = await fs.mkdtemp(path.join(tmpdir(), 'mnsoss-verify-'));
  try {
    await verifyFolder(folder, temporary, data);
  } finally {
    await fs.rm(temporary, { recursive: true });
  }
}

/** A take-over that stores nothing. */
async function verifyV1(folder: string, data: DataFolder, ownerId: string): Promise<void> {
  await takeOverV1(folder, {
    data,
    logger: silentLogger,
    ownerId,
    storage: {
      async receive(_key, source) {
        let size = 0;
        for await (const chunk of source) size += chunk.length;
        return { segment: { bytes: Buffer.alloc(0), size }, md5: Buffer.alloc(0), crc64: 0n };
      },
      commit: async () => {},
    },
  });
}

async function verifyFolder(folder: string, temporary: string, data: DataFolder): Promise<void> {
  const logFolder = path.join(folder, 'log');
  const index = await openForReading(folder, temporary, data);
  const log = openLogReader(logFolder);
  try {
    const { isSound, sizes } = await readLog(logFolder, index, data);
    reportLostBytes(index.meta?.sizes ?? [], { folder: logFolder, sizes }, index, data);
    const reader = { index, log, blobs: await openBlobFolder(path.join(folder, 'blobs'), files) };
    for await (const { key, bad, lostBucket } of badEntries(reader)) {
      const what = nameOfEntry(key);
      for (const { problem, isReadable } of bad)
        data.report({ what, problem: `needs bytes: ${problem}`, lost: isReadable ? 0 : 1 });
      if (lostBucket !== undefined)
        data.report({ what, problem: 'belongs to a bucket whose settings are lost', lost: 0 });
    }
    await reportUnused(reader, isSound, data);
  } finally {
    index.close();
    await log.close();
  }
}

/** The index, with changes in memory; a damaged one is made again in a temporary folder. */
async function openForReading(
  folder: string,
  temporary: string,
  { report, relative }: DataFolder,
): Promise<KeyIndex<Checkpoint>> {
  const indexFolder = path.join(folder, 'index');
  try {
    return await openKeyIndex<Checkpoint>({
      folder: indexFolder,
      files,
      weigh: weighEntry,
      isReadOnly: true,
    });
  } catch (error) {
    if (!isAppError(error, 'StorageCorrupt')) throw error;
    report({
      what: relative(indexFolder),
      problem: `is damaged (${error.message}) and can be made again`,
      lost: 0,
    });
    return openKeyIndex<Checkpoint>({ folder: temporary, files, weigh: weighEntry });
  }
}

/** Adds what the index does not know yet, and reports what is wrong with the log. */
async function readLog(folder: string, index: KeyIndex<Checkpoint>, data: DataFolder) {
  const from = index.meta?.position;
  const isTemporary = from === undefined;
  const scan = await scanLog(
    folder,
    undefined,
    (frame, file) => {
      if (from && isBefore(file, frame.offset, from)) return;
      for (const { key, value } of decodeChanges(frame.text).changes) index.set(key, value);
    },
    async (position) => {
      if (isTemporary && index.unflushedBytes() > FLUSH_BYTES) await index.flush({ position, sizes: [] });
    },
  );
  return { isSound: await mendLog(folder, scan, data), sizes: scan.sizes };
}

function isBefore(file: number, offset: number, position: LogPosition): boolean {
  return file < position.file || (file === position.file && offset < position.offset);
}

async function reportUnused(reader: EntryReader, isSound: boolean, data: DataFolder): Promise<void> {
  const interrupted = new Set<string>();
  for await (const name of reader.blobs.unsettled()) interrupted.add(name);
  for await (const name of unusedBlobs(reader, reader.blobs.names())) {
    // A crash leaves such files, and the next start deletes them.
    if (isSound && interrupted.has(name)) continue;
    data.report({ what: data.relative(reader.blobs.path(name)), problem: 'belongs to no object' });
  }
}
