import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { type ZipOptions, zipSync } from 'fflate';

/** Files that get the permission to execute: the Node of a custom runtime. */
const EXECUTABLES: readonly string[] = ['node'];

/** A Unix file mode in the form that a zip stores. */
const unixMode = (mode: number) => (mode << 16) >>> 0;

const ATTRIBUTES: ZipOptions = {
  // A zip stores local time without a zone, so this date gives the same bytes everywhere.
  mtime: new Date(1980, 0, 1),
  os: 3, // Unix, whose file modes are in `attrs`
  attrs: unixMode(0o100644),
  level: 6,
};

/** The folder as a zip that depends only on names and contents: the same input gives the same bytes. */
export async function zipFolder(folder: string): Promise<Uint8Array> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const named = paths.map((path) => ({ path, name: relative(folder, path).split(sep).join('/') }));
  named.sort((left, right) => (left.name < right.name ? -1 : 1));
  const files: Record<string, [Uint8Array, ZipOptions]> = {};
  for (const { path, name } of named) {
    const options = EXECUTABLES.includes(name) ? { ...ATTRIBUTES, attrs: unixMode(0o100755) } : ATTRIBUTES;
    files[name] = [await readFile(path), options];
  }
  return zipSync(files);
}
