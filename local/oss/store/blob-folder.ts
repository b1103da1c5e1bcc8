import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { DurableFiles } from '../../disk/durable-files.ts';
import { entriesOf } from '../../disk/stored-file.ts';
import { type BlobWriter, createBlobFile } from './blob-file.ts';

/**
 * The files of larger objects: `<start>/<thousands>/<start>-<number>`. Each start of the program has a folder of its own, with
 * a name that no other had. An `open` in it says that the program has not ended in order, so that uploads may have left
 * files.
 */
export interface BlobFolder {
  /** Begins a file. */
  create(key: string): Promise<{ readonly name: string; readonly writer: BlobWriter }>;
  path(name: string): string;
  /** Succeeds also if there is none. */
  remove(name: string): Promise<void>;
  /** The names of all files. */
  names(): AsyncGenerator<string>;
  /** The names of files that an earlier start wrote which did not end in order. */
  unsettled(): AsyncGenerator<string>;
  /** Says that nothing is left of earlier starts. */
  settle(): Promise<void>;
  /** Says that this start ended in order. */
  close(): Promise<void>;
}

const FILES_PER_FOLDER = 1000;

export async function openBlobFolder(folder: string, files: DurableFiles): Promise<BlobFolder> {
  const earlier = (await entriesOf(folder)).filter((name) => /^[0-9a-f]{12}$/.test(name));
  let own: Promise<string> | undefined;
  let madeFolder: { readonly path: string; readonly made: Promise<void> } | undefined;
  let number = 0;

  const pathOf = (name: string) => {
    const [start = '', count = ''] = name.split('-');
    return path.join(folder, start, String(Math.floor(Number(count) / FILES_PER_FOLDER)), name);
  };
  const markerOf = (start: string) => path.join(folder, start, 'open');

  const begin = async (): Promise<string> => {
    const start = randomBytes(6).toString('hex');
    await files.makeFolder(path.join(folder, start));
    await (await files.create(markerOf(start))).close();
    await files.syncFolder(path.join(folder, start));
    return start;
  };
  const makeFolder = (wanted: string): Promise<void> => {
    if (madeFolder?.path !== wanted) madeFolder = { path: wanted, made: files.makeFolder(wanted) };
    return madeFolder.made;
  };

  async function* namesIn(start: string): AsyncGenerator<string> {
    for (const entry of await fs.readdir(path.join(folder, start), { withFileTypes: true })) {
      if (entry.isDirectory()) yield* await fs.readdir(path.join(folder, start, entry.name));
    }
  }
  const unsettledStarts = async () => {
    const starts: string[] = [];
    for (const start of earlier) {
      const marker = await fs.stat(markerOf(start)).catch(() => undefined);
      if (marker) starts.push(start);
    }
    return starts;
  };

  return {
    async create(key) {
      own ??= begin();
      const start = await own.catch((error) => {
        own = undefined;
        throw error;
      });
      const name = `${start}-${number++}`;
      const file = pathOf(name);
      await makeFolder(path.dirname(file)).catch((error) => {
        madeFolder = undefined;
        throw error;
      });
      return { name, writer: await createBlobFile(file, key, files) };
    },
    path: pathOf,
    remove: (name) => fs.rm(pathOf(name), { force: true }),
    async *names() {
      for (const start of await entriesOf(folder)) yield* namesIn(start);
    },
    async *unsettled() {
      for (const start of await unsettledStarts()) yield* namesIn(start);
    },
    async settle() {
      for (const start of await unsettledStarts()) {
        await fs.rm(markerOf(start));
        await removeIfEmpty(path.join(folder, start));
      }
    },
    async close() {
      const start = await own?.catch(() => undefined);
      if (start === undefined) return;
      await fs.rm(markerOf(start), { force: true });
      await removeIfEmpty(path.join(folder, start));
    },
  };
}

/** Deletes a folder, and those in it, if they have no files. */
async function removeIfEmpty(folder: string): Promise<void> {
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeIfEmpty(path.join(folder, entry.name));
  }
  await fs.rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}
