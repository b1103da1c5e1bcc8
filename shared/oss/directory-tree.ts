import { constants, type Dirent, type Stats } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { keyOfPath, pathOfKey } from './path-of-key.ts';

export interface OpenedFile {
  readonly file: FileHandle;
  readonly stats: Stats;
  readonly path: string;
}

/** A file stands under its key or, when a directory has that name, beside it. */
function placesOf(directory: string, key: string): [own: string, beside: string] {
  return [join(directory, pathOfKey(key)), join(directory, pathOfKey(key, { beside: true }))];
}

export async function openFile(directory: string, key: string): Promise<OpenedFile | undefined> {
  for (const path of placesOf(directory, key)) {
    const file = await unlessAbsent(open(path, constants.O_RDONLY | constants.O_NOFOLLOW));
    if (!file) continue;
    const stats = await file.stat();
    if (stats.isFile()) return { file, stats, path };
    await file.close();
  }
  return undefined;
}

export async function findFile(directory: string, key: string): Promise<string | undefined> {
  for (const path of placesOf(directory, key)) if ((await statOrNothing(path))?.isFile()) return path;
  return undefined;
}

/** The path to write to, with the directories that lead there; a file in the way of one moves beside it. */
export async function makePlace(directory: string, key: string): Promise<string> {
  const [own, beside] = placesOf(directory, key);
  const names = relative(directory, dirname(own)).split(sep);
  for (let depth = 1; depth <= names.length; depth++) {
    const parent = join(directory, ...names.slice(0, depth));
    if ((await statOrNothing(parent))?.isFile()) {
      const parentKey = keyOfPath(relative(directory, parent).split(sep).join('/'));
      if (parentKey !== undefined) await rename(parent, placesOf(directory, parentKey)[1]);
    }
  }
  await mkdir(dirname(own), { recursive: true });
  const existing = await findFile(directory, key);
  return existing ?? ((await statOrNothing(own))?.isDirectory() ? beside : own);
}

export async function removeEmptyParents(directory: string, path: string): Promise<void> {
  for (let parent = dirname(path); parent !== directory; parent = dirname(parent)) {
    try {
      await rmdir(parent);
    } catch (error) {
      if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return;
      throw error;
    }
  }
}

/** Relative paths with `/`; hidden files are no objects. */
export async function* filesUnder(root: string, directory = root): AsyncGenerator<string> {
  const entries: Dirent[] = (await unlessAbsent(readdir(directory, { withFileTypes: true }))) ?? [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesUnder(root, path);
    else if (entry.isFile()) yield relative(root, path).split(sep).join('/');
  }
}

export function statOrNothing(path: string): Promise<Stats | undefined> {
  return unlessAbsent(stat(path));
}

/** A file in the place of a directory, and a symbolic link in the place of a file, count as absent. */
async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
