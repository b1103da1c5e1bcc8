import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../shared/runtime/errors.ts';
import { createDurableFiles } from './durable-files.ts';

const { syncDirectory } = createDurableFiles(true);

/** A durable list of records. */
export interface Journal<R> {
  /** Resolves when the records, and all before them, survive a crash. */
  append(records: readonly R[]): Promise<void>;
  /** Adds records that a crash may lose, so the caller does not wait. If writing fails, the next `append` rejects. */
  note(records: readonly R[]): void;
  /** Waits for the records appended so far, then closes the file. */
  close(): Promise<void>;
}

export interface JournalOptions<R> {
  readonly path: string;
  /** Called for every record of the file, in order, before `openJournal` resolves. */
  readonly apply: (record: R) => void;
  /** The records that rebuild the current state, as new objects; called when the file is rewritten. */
  readonly snapshot: () => Iterable<R>;
  /**
   * The file is rewritten when it has this many bytes, and twice its size after the last rewrite.
   * @default 16 MiB
   */
  readonly compactAtBytes?: number;
}

const RECORDS_PER_SNAPSHOT_LINE = 256;

/** A journal that keeps nothing. */
export function memoryJournal<R>(): Journal<R> {
  return { append: async () => {}, note: () => {}, close: async () => {} };
}

/**
 * An append-only file. Each line is one group commit, `<checksum> <JSON array of records>`: all waiting callers share
 * one write and one fdatasync, and only then the next line begins. So an invalid last line is a write that a crash
 * interrupted and that was never acknowledged: it is cut off. An invalid line before a valid one is damage:
 * `StorageCorrupt`.
 */
export async function openJournal<R>(options: JournalOptions<R>): Promise<Journal<R>> {
  const { path, apply, snapshot, compactAtBytes = 16 * 1024 * 1024 } = options;
  const rewritten = `${path}.new`;
  await mkdir(dirname(path), { recursive: true });
  await rm(rewritten, { force: true });
  let size = await replay(path, apply);
  let file = await openForAppend(path, size);
  let compactAt = compactAtBytes;

  let pending: string[] = [];
  let waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let flushing: Promise<void> | undefined;
  let failure: Error | undefined;

  const commit = async () => {
    const records = pending;
    const committed = waiting;
    pending = [];
    waiting = [];
    try {
      if (size >= compactAt) await compact();
      else await write(records);
      for (const { resolve } of committed) resolve();
    } catch (error) {
      // The content of the file is unknown now, so no further record may be acknowledged.
      failure = new AppError('JournalFailed', `cannot write ${path}`, { cause: error });
      for (const { reject } of [...committed, ...waiting]) reject(failure);
      pending = [];
      waiting = [];
    }
  };

  const write = async (records: readonly string[]) => {
    const line = writeLine(records);
    await file.appendFile(line);
    size += line.length;
    await file.datasync();
  };

  /** The state already holds the records of this commit, so the snapshot makes them durable too. */
  const compact = async () => {
    const records = [...snapshot()];
    const next = await open(rewritten, 'w');
    size = 0;
    for (let at = 0; at < records.length; at += RECORDS_PER_SNAPSHOT_LINE) {
      const chunk = records.slice(at, at + RECORDS_PER_SNAPSHOT_LINE).map((record) => JSON.stringify(record));
      const line = writeLine(chunk);
      await next.appendFile(line);
      size += line.length;
    }
    await next.sync();
    await rename(rewritten, path);
    await syncDirectory(dirname(path));
    await file.close();
    file = next;
    compactAt = Math.max(compactAtBytes, 2 * size);
  };

  const flush = async () => {
    while (pending.length > 0 || waiting.length > 0) {
      // Requests that other sockets have ready in this turn of the event loop join the commit.
      await nextTurn();
      await commit();
    }
    flushing = undefined;
  };

  const enqueue = (records: readonly R[]) => {
    for (const record of records) pending.push(JSON.stringify(record));
    flushing ??= flush();
  };

  return {
    append(records) {
      if (failure) return Promise.reject(failure);
      const durable = new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
      enqueue(records);
      return durable;
    },
    note(records) {
      if (!failure) enqueue(records);
    },
    async close() {
      await flushing;
      failure ??= new AppError('JournalFailed', `${path} is closed`);
      await file.close();
    },
  };
}

function writeLine(records: readonly string[]): Buffer {
  const payload = `[${records.join(',')}]`;
  return Buffer.from(`${checksum(payload)} ${payload}\n`);
}

/** `undefined` if the checksum does not match. */
function readLine<R>(line: Buffer): R[] | undefined {
  const payload = line.subarray(CHECKSUM_LENGTH + 1);
  if (line.subarray(0, CHECKSUM_LENGTH).toString('latin1') !== checksum(payload)) return undefined;
  return JSON.parse(payload.toString('utf8')) as R[];
}

const CHECKSUM_LENGTH = 16;

function checksum(payload: string | Buffer): string {
  return createHash('sha256').update(payload).digest('hex').slice(0, CHECKSUM_LENGTH);
}

/** Applies the records of all valid lines and returns the length of these lines in bytes. */
async function replay<R>(path: string, apply: (record: R) => void): Promise<number> {
  let good = 0;
  let offset = 0;
  let torn = false;
  for await (const line of linesOf(path)) {
    const records = readLine<R>(line);
    offset += line.length + 1;
    if (!records) {
      torn = true;
      continue;
    }
    if (torn) {
      throw new AppError('StorageCorrupt', `${path}: the line at byte ${good} does not match its checksum`, {
        details: { path, offset: good },
      });
    }
    records.forEach(apply);
    good = offset;
  }
  return good;
}

/** The lines that end in a newline; a crash interrupted the write of anything after the last one. */
async function* linesOf(path: string): AsyncIterable<Buffer> {
  let pieces: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path, {
      highWaterMark: 1024 * 1024,
    }) as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        pieces.push(chunk.subarray(start, end));
        yield Buffer.concat(pieces);
        pieces = [];
        start = end + 1;
      }
      pieces.push(chunk.subarray(start));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function openForAppend(path: string, size: number): Promise<FileHandle> {
  const file = await open(path, 'a');
  await truncate(path, size);
  await file.sync();
  await syncDirectory(dirname(path));
  return file;
}
