import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import pLimit from 'p-limit';
import type { DurableFiles } from '../../disk/durable-files.ts';
import { type Journal, openJournal } from '../../disk/journal.ts';
import type { ObjectRecord } from './records.ts';

/** A change that becomes durable atomically. */
export interface Commit {
  /** The new record of a key, `undefined` if the key is deleted; absent if only bytes are stored. */
  readonly record?: { readonly file: string; readonly content: ObjectRecord | undefined };
  /** The bytes of new files, which are written but not flushed, by file name. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

/**
 * The commits of a bucket that are not in its files yet, in `log.<generation>`: small writes that arrive together share
 * one write and one flush. When a generation is large enough, the next one begins, and the commits of the old one are
 * written to the files in the background. Then it is deleted.
 */
export interface CommitLog {
  /** Resolves when the commit survives a crash. */
  append(commit: Commit): Promise<void>;
  /** Writes all commits to the files. Must be the last call. */
  close(): Promise<void>;
  /** Closes the log of a bucket whose files are deleted. */
  abandon(): Promise<void>;
}

/** A commit as it is written to the log. */
interface Entry {
  readonly record?: { readonly file: string; readonly content?: ObjectRecord | undefined };
  /** Base64, by file name. */
  readonly blobs: Readonly<Record<string, string>>;
}

interface Generation {
  readonly file: string;
  readonly journal: Journal<Entry>;
  readonly records: Map<string, ObjectRecord | undefined>;
  readonly blobs: Set<string>;
  bytes: number;
}

const GENERATION_BYTES = 32 * 1024 * 1024;
/** Estimated bytes that a version adds to the log, without its blobs. */
const VERSION_BYTES = 1024;
/** Files that are written at the same time: few while requests use the disk, more before the first request. */
const CONCURRENT_FILES = { serving: 2, starting: 8 };

/** For a bucket that ends with the process: records are only in memory. */
export function memoryLog(): CommitLog {
  return { append: async () => {}, close: async () => {}, abandon: async () => {} };
}

/** An existing log of the directory must have been recovered before. */
export function createCommitLog(
  directory: string,
  files: DurableFiles,
  generationBytes = GENERATION_BYTES,
): CommitLog {
  let begun = 0;
  let current: Promise<Generation> | undefined;
  let retired = Promise.resolve();
  let abandoned = false;
  let failure: unknown;

  const begin = async (): Promise<Generation> => {
    const file = path.join(directory, `log.${++begun}`);
    return { file, journal: await openLog(file), records: new Map(), blobs: new Set(), bytes: 0 };
  };

  const retire = (generation: Promise<Generation>) => {
    current = undefined;
    retired = retired.then(async () => {
      const { file, journal, records, blobs } = await generation;
      await journal.close();
      if (abandoned) return;
      await writeToFiles(path.join(directory, 'objects'), records, blobs, files, CONCURRENT_FILES.serving);
      await fs.rm(file);
    });
    retired.catch((error) => {
      failure = error;
    });
  };

  const close = async () => {
    if (current) retire(current);
    await retired;
  };

  return {
    async append({ record, blobs }) {
      if (failure !== undefined) throw failure;
      current ??= begin();
      const opened = current;
      // Appends that wait here continue before a generation that is retired meanwhile is closed.
      const generation = await opened;
      if (record) generation.records.set(record.file, record.content);
      for (const [file, bytes] of blobs) {
        generation.blobs.add(file);
        generation.bytes += bytes.length;
      }
      generation.bytes += VERSION_BYTES * (record?.content?.versions.length ?? 1);
      const encoded = Object.fromEntries([...blobs].map(([file, bytes]) => [file, bytes.toString('base64')]));
      const durable = generation.journal.append([{ record, blobs: encoded }]);
      if (generation.bytes >= generationBytes && current === opened) retire(opened);
      await durable;
    },
    close,
    async abandon() {
      abandoned = true;
      failure ??= new Error(`${directory} is being removed`);
      await close().catch(() => {});
    },
  };
}

/** Writes the commits of the log that a crash left to the files of a bucket, and deletes the log. */
export async function recoverCommitLog(directory: string, files: DurableFiles): Promise<void> {
  const logs = (await fs.readdir(directory))
    .filter((name) => /^log\.\d+$/.test(name))
    .sort((left, right) => Number(left.slice(4)) - Number(right.slice(4)));
  if (logs.length === 0) return;
  const records = new Map<string, ObjectRecord | undefined>();
  const blobs = new Map<string, string>();
  for (const name of logs) {
    const journal = await openLog(path.join(directory, name), (entry) => {
      if (entry.record) records.set(entry.record.file, entry.record.content);
      for (const [file, bytes] of Object.entries(entry.blobs)) blobs.set(file, bytes);
    });
    await journal.close();
  }
  const objects = path.join(directory, 'objects');
  for (const [file, bytes] of blobs) {
    // Not truncated: an append may have made the file longer.
    const handle = await fs.open(path.join(objects, file), fs.constants.O_RDWR | fs.constants.O_CREAT);
    const content = Buffer.from(bytes, 'base64');
    await handle.write(content, 0, content.length, 0).finally(() => handle.close());
  }
  await writeToFiles(objects, records, blobs.keys(), files, CONCURRENT_FILES.starting);
  for (const name of logs) await fs.rm(path.join(directory, name));
}

function openLog(file: string, apply: (entry: Entry) => void = () => {}): Promise<Journal<Entry>> {
  return openJournal<Entry>({
    path: file,
    apply,
    snapshot: () => [],
    compactAtBytes: Number.POSITIVE_INFINITY,
  });
}

async function writeToFiles(
  objects: string,
  records: ReadonlyMap<string, ObjectRecord | undefined>,
  blobs: Iterable<string>,
  files: DurableFiles,
  concurrency: number,
): Promise<void> {
  const limited = pLimit(concurrency);
  await limited.map(blobs, (file) => flush(path.join(objects, file), files));
  await limited.map(records, ([name, content]) => {
    const file = path.join(objects, name);
    return content ? files.replace(file, JSON.stringify(content)) : fs.rm(file, { force: true });
  });
  await files.syncDirectory(objects);
}

/** Ignores a file that has been deleted since. */
async function flush(file: string, files: DurableFiles): Promise<void> {
  try {
    const handle = await fs.open(file, 'r+');
    await files.sync(handle).finally(() => handle.close());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
