import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import pLimit from 'p-limit';
import type { DurableFiles } from '../../disk/durable-files.ts';
import { type Journal, openJournal } from '../../disk/journal.ts';
import type { ObjectRecord } from './records.ts';

/** What becomes durable as one. */
export interface Commit {
  /** What the record of a key is from now on, `undefined` when the key is gone; absent when bytes alone are kept. */
  readonly record?: { readonly file: string; readonly content: ObjectRecord | undefined };
  /** The bytes of new files, which are written but not flushed. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

/**
 * What was committed to a bucket and its files do not show yet, in `log.<generation>` beside them: small writes that
 * come together share one write and one flush of the disk. When a generation has grown the next is begun, what it
 * tells is brought to the files in the background, and then it is removed.
 */
export interface CommitLog {
  /** Resolves when the commit survives a crash. */
  append(commit: Commit): Promise<void>;
  /** Brings everything to the files. Nothing may be appended any more. */
  close(): Promise<void>;
  /** Closes the log of a bucket whose files are removed. */
  abandon(): Promise<void>;
}

/** A commit on a line of the log. */
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
/** About what a version adds to the log besides the bytes of blobs. */
const VERSION_BYTES = 1024;
/** Files that are brought up to date at the same time: few while requests want the disk, more before there are any. */
const TOGETHER = { serving: 2, starting: 8 };

/** Of a bucket that does not outlast the process: records are in memory, and no file has to show them. */
export function memoryLog(): CommitLog {
  return { append: async () => {}, close: async () => {}, abandon: async () => {} };
}

/** The directory's log, if there is one, has been recovered before. */
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
      await showInFiles(path.join(directory, 'objects'), records, blobs, files, TOGETHER.serving);
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
      // Whoever waits here goes on before a generation that is retired meanwhile is closed.
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

/** Brings to the files of a bucket what its log tells after a crash, and removes the log. */
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
    // Not cut to this length: an append may have made the file longer.
    const handle = await fs.open(path.join(objects, file), fs.constants.O_RDWR | fs.constants.O_CREAT);
    const content = Buffer.from(bytes, 'base64');
    await handle.write(content, 0, content.length, 0).finally(() => handle.close());
  }
  await showInFiles(objects, records, blobs.keys(), files, TOGETHER.starting);
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

async function showInFiles(
  objects: string,
  records: ReadonlyMap<string, ObjectRecord | undefined>,
  blobs: Iterable<string>,
  files: DurableFiles,
  together: number,
): Promise<void> {
  const limited = pLimit(together);
  await limited.map(blobs, (file) => flush(path.join(objects, file), files));
  await limited.map(records, ([name, content]) => {
    const file = path.join(objects, name);
    return content ? files.replace(file, JSON.stringify(content)) : fs.rm(file, { force: true });
  });
  await files.syncDirectory(objects);
}

/** Nothing is left to do for a file that has been removed since. */
async function flush(file: string, files: DurableFiles): Promise<void> {
  try {
    const handle = await fs.open(file, 'r+');
    await files.sync(handle).finally(() => handle.close());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
