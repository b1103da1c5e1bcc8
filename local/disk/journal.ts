import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../shared/runtime/errors.ts';
import { createDurableFiles } from './durable-files.ts';

const { syncDirectory } = createDurableFiles(true);

/** Remembers what happened, in order. */
export interface Journal<R> {
  /** Resolves when the records, and all before them, survive a crash. */
  append(records: readonly R[]): Promise<void>;
  /**
   * The same for records that a crash may take back, so that nobody waits for them. When writing fails, the next
   * `append` tells.
   */
  note(records: readonly R[]): void;
  /** Waits for what was appended, then closes the file. */
  close(): Promise<void>;
}

export interface JournalOptions<R> {
  readonly path: string;
  /** Called for every record of the file, in order, before `openJournal` resolves. */
  readonly apply: (record: R) => void;
  /** The records that rebuild the present state, as fresh objects; asked for when the file is rewritten. */
  readonly snapshot: () => Iterable<R>;
  /** The file is rewritten when it has grown to this many bytes and to twice its size after the last rewrite. */
  readonly compactAtBytes?: number;
}

const RECORDS_PER_SNAPSHOT_LINE = 256;

/** In memory only: nothing survives. */
export function memoryJournal<R>(): Journal<R> {
  return { append: async () => {}, note: () => {}, close: async () => {} };
}

/**
 * An append-only file. A line is one group commit, `<checksum> <JSON array of records>`: all who wait share one write
 * and one fdatasync, and the next line is not begun before. So a broken last line is a write that a crash tore and
 * nobody was told of: it is cut off. A broken line that a whole one follows is damage: `StorageCorrupt`.
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
      // What the file holds is unknown now, so nothing may be acknowledged any more.
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
      // What the other sockets have ready in this turn of the event loop joins the commit.
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

/** `undefined` when the line is not what was written. */
function readLine<R>(line: Buffer): R[] | undefined {
  const payload = line.subarray(CHECKSUM_LENGTH + 1);
  if (line.subarray(0, CHECKSUM_LENGTH).toString('latin1') !== checksum(payload)) return undefined;
  return JSON.parse(payload.toString('utf8')) as R[];
}

const CHECKSUM_LENGTH = 16;

function checksum(payload: string | Buffer): string {
  return createHash('sha256').update(payload).digest('hex').slice(0, CHECKSUM_LENGTH);
}

/** Returns the length of the whole lines. */
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

/** Lines that end in a newline; what follows the last newline was torn. */
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
