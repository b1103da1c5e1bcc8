import type { FileHandle } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../shared/runtime/errors.ts';
import type { DataFolder } from './data-folder.ts';
import { type DurableFiles, isDiskFull, writeFully } from './durable-files.ts';
import { encodeFrame, type Frame, HEADER_BYTES } from './frames.ts';
import { type Address, openLogReader } from './log-reader.ts';
import { mendLog } from './mend-log.ts';
import { type LogPosition, type LogScan, logFile, logFilesIn, scanLog } from './scan-log.ts';
import { openWitness } from './witness.ts';

export interface LogEntry {
  readonly bytes?: Buffer;
  /** May depend on where the bytes will be. */
  readonly text: string | ((at: Address) => string);
  /** Called at once when the entry is durable, in the order of the log, before `append` resolves. */
  readonly onDurable?: () => void;
}

/**
 * A list of entries in numbered files of a folder. Each process begins a file of its own, so that two processes that
 * write at the same time, against all rules, destroy nothing. All waiting callers share one write and one flush.
 */
export interface Log {
  /** Resolves when the entry, and all before it, survive a crash. */
  append(entry: LogEntry): Promise<void>;
  /** Adds an entry that a crash may lose, so the caller does not wait. */
  note(text: string): void;
  /** Bytes of a frame of any file. */
  read(at: Address, length: number): Promise<Buffer>;
  /** Where the durable entries end. */
  end(): LogPosition;
  /** Bytes by number of file, oldest first. */
  sizes(): ReadonlyMap<number, number>;
  /** Whether it was as it had been written when it was opened, as far as it was read. */
  readonly wasSound: boolean;
  /** Deletes the oldest files, up to the one with this number, which are no longer needed. */
  removeUpTo(file: number): Promise<void>;
  /** Waits for the entries appended so far, then closes the files. */
  close(): Promise<void>;
}

export interface LogOptions {
  readonly folder: string;
  readonly files: DurableFiles;
  readonly data: DataFolder;
  /** Entries before it are not read. @default the beginning */
  readonly from?: LogPosition;
  /** Called for every entry, in order, before `openLog` resolves. */
  readonly apply: (frame: Frame, file: number) => void;
  /** Called now and then between entries, with the position up to which they were applied. */
  readonly onProgress?: (position: LogPosition) => Promise<void>;
  /** Entries that state everything again. With it, the log is rewritten when it has become large. */
  readonly snapshot?: () => Iterable<string>;
  /** The size at which it is first rewritten, in bytes; later at twice its size then. @default 16 MiB */
  readonly compactAtBytes?: number;
  /** Whether the state has entries that are not in the log yet. @default false */
  readonly startsWithSnapshot?: boolean;
  /** A file is followed by the next one at this size, in bytes. @default 128 MiB */
  readonly maxFileBytes?: number;
}

interface Waiting extends LogEntry {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export async function openLog(options: LogOptions): Promise<Log> {
  const { folder, files, data, from, snapshot } = options;
  const { compactAtBytes = 16 * 1024 * 1024, maxFileBytes = 128 * 1024 * 1024 } = options;
  await files.makeFolder(folder);
  const scan = await scanFrom(options);
  const isSound = await mendLog(folder, scan, data);

  const sizes = new Map<number, number>();
  for (const number of await logFilesIn(folder)) {
    sizes.set(number, (await fs.stat(logFile(folder, number))).size);
  }
  const reader = openLogReader(folder);
  const witness = files.durable ? await openWitness(folder) : undefined;
  let { file: last, offset, seq } = scan.end ?? from ?? { file: 0, offset: 0, seq: 1 };
  last = Math.max(last, ...sizes.keys());
  let writer: FileHandle | undefined;
  let compactAt = Math.max(compactAtBytes, 2 * scan.snapshotBytes);
  let pending: Waiting[] = [];
  let flushing: Promise<void> | undefined;
  let noteTimer: NodeJS.Timeout | undefined;
  let failure: Error | undefined;
  /** Whether the state has entries that could not be written. */
  let isBehind = options.startsWithSnapshot ?? false;

  const first = () => sizes.keys().next().value ?? last + 1;
  const testify = () => witness?.write({ first: first(), last, seq });
  testify();
  if (files.durable) await data.contents.add(data.relative(folder));

  /** A new file; another process may have taken the next number. */
  const begin = async (): Promise<FileHandle> => {
    for (let number = last + 1; ; number++) {
      try {
        const handle = await files.create(logFile(folder, number));
        last = number;
        sizes.set(last, 0);
        offset = 0;
        await files.syncFolder(folder);
        return handle;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  };

  /** Returns where the file ends now, and the entries that are in it: one that cannot tell its text is rejected alone. */
  const write = async (
    entries: readonly Waiting[],
  ): Promise<{ end: number; written: readonly Waiting[] }> => {
    if (writer && offset >= maxFileBytes) {
      await writer.close();
      writer = undefined;
    }
    writer ??= await begin();
    const frames: Buffer[] = [];
    const written: Waiting[] = [];
    let at = offset;
    for (const entry of entries) {
      try {
        const { bytes, text: given } = entry;
        const text = typeof given === 'string' ? given : given({ file: last, offset: at + HEADER_BYTES });
        const frame = encodeFrame(seq + frames.length, text, bytes);
        frames.push(frame);
        written.push(entry);
        at += frame.length;
      } catch (error) {
        entry.reject(error as Error);
      }
    }
    try {
      await writeFully(writer, Buffer.concat(frames), offset);
    } catch (error) {
      await writer.truncate(offset);
      throw error;
    }
    await files.sync(writer).catch((cause) => {
      failure = new AppError('JournalFailed', `cannot write ${logFile(folder, last)}`, { cause });
      throw failure;
    });
    return { end: at, written };
  };

  /** The state holds all entries so far, so a snapshot makes them durable. */
  const compact = async (texts: Iterable<string>) => {
    const temporary = `${logFile(folder, last + 1)}.new`;
    await fs.rm(temporary, { force: true });
    const next = await files.create(temporary);
    let size = 0;
    let count = 0;
    let frames: Buffer[] = [];
    const spill = async () => {
      const chunk = Buffer.concat(frames);
      frames = [];
      await writeFully(next, chunk, size);
      size += chunk.length;
    };
    try {
      for (const text of texts) {
        frames.push(encodeFrame(seq + count, text, undefined, count === 0 ? 'snapshot' : 'entry'));
        count++;
        if (frames.length >= FRAMES_PER_WRITE) await spill();
      }
      await spill();
      await files.sync(next);
      await fs.rename(temporary, logFile(folder, last + 1));
      await files.syncFolder(folder);
    } catch (error) {
      await next.close();
      await fs.rm(temporary, { force: true });
      throw error;
    }
    await writer?.close();
    await next.close();
    // The file has the snapshot alone, so that the next start knows how large that is.
    writer = undefined;
    last++;
    seq += count;
    offset = size;
    sizes.set(last, size);
    await log.removeUpTo(last - 1);
    compactAt = Math.max(compactAtBytes, 2 * size);
    isBehind = false;
  };

  const commit = async (entries: readonly Waiting[]) => {
    try {
      if (failure) throw failure;
      const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
      const isLarge = total >= compactAt || sizes.size > MAX_FILES_OF_SNAPSHOTS;
      let written = entries;
      if (snapshot && (isBehind || isLarge)) await compact(snapshot());
      else {
        const done = await write(entries);
        written = done.written;
        offset = done.end;
        seq += written.length;
        sizes.set(last, offset);
      }
      testify();
      for (const { onDurable, resolve } of written) {
        onDurable?.();
        resolve();
      }
    } catch (cause) {
      isBehind = true;
      // A full disk empties again. After any other failure the content of the file is unknown.
      if (!isDiskFull(cause)) {
        failure ??= new AppError('JournalFailed', `cannot write to ${folder}`, { cause });
      }
      const error =
        failure ?? new AppError('DiskFull', `cannot write to ${folder}: the disk is full`, { cause });
      for (const { reject } of entries) reject(error);
    }
  };

  const flush = async () => {
    while (pending.length > 0) {
      // Requests that other sockets have ready in this turn of the event loop join the commit.
      await nextTurn();
      const entries = pending;
      pending = [];
      await commit(entries);
    }
    flushing = undefined;
  };
  const startFlush = () => {
    clearTimeout(noteTimer);
    noteTimer = undefined;
    if (pending.length > 0) flushing ??= flush();
  };

  const log: Log = {
    append: (entry) =>
      new Promise((resolve, reject) => {
        pending.push({ ...entry, resolve, reject });
        startFlush();
      }),
    note(text) {
      // If it cannot be written, the next snapshot has it.
      pending.push({ text, resolve: () => {}, reject: () => {} });
      // It joins the next entry that somebody waits for.
      if (!flushing) noteTimer ??= setTimeout(startFlush, MAX_NOTE_MS);
    },
    read: reader.read,
    end: () => ({ file: last, offset, seq }),
    sizes: () => sizes,
    wasSound: isSound,
    async removeUpTo(file) {
      const gone = [...sizes.keys()].filter((number) => number <= file);
      for (const number of gone) sizes.delete(number);
      // What is to be missed no more has to be known before it is missing.
      testify();
      if (files.durable) await witness?.sync();
      for (const number of gone) {
        await fs.rm(logFile(folder, number), { force: true });
        await reader.forget(number);
      }
    },
    async close() {
      startFlush();
      await flushing;
      failure ??= new AppError('JournalFailed', `${folder} is closed`);
      await writer?.close();
      await witness?.close();
      await reader.close();
    },
  };
  return log;
}

/** A repair reads also what a start need not read. */
async function scanFrom({ folder, data, from, apply, onProgress }: LogOptions): Promise<LogScan> {
  if (data.policy === 'start' || !from) return scanLog(folder, from, apply, onProgress);
  const isNew = (file: number, offset: number) =>
    file > from.file || (file === from.file && offset >= from.offset);
  return scanLog(
    folder,
    undefined,
    (frame, file) => {
      if (isNew(file, frame.offset)) apply(frame, file);
    },
    async (position) => {
      if (isNew(position.file, position.offset)) await onProgress?.(position);
    },
  );
}

/** How long a note waits for company. */
const MAX_NOTE_MS = 50;
const FRAMES_PER_WRITE = 1024;
/** Each start begins a file; a log with snapshots does not keep more than these. */
const MAX_FILES_OF_SNAPSHOTS = 16;
