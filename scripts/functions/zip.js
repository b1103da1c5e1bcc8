import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { zipSync } from 'fflate';

/** Zip has no time zones: built from local fields, it is the same number everywhere. */
const MTIME = new Date(1980, 0, 1);
const UNIX = 3;
const READABLE = (0o100644 << 16) >>> 0;

/** The folder as a zip that depends on nothing but names and contents: the same input gives the same bytes. */
export async function zipFolder(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const names = paths.map((path) => relative(folder, path).split(sep).join('/')).sort();
  const files = {};
  for (const name of names) {
    const attributes = { mtime: MTIME, os: UNIX, attrs: READABLE, level: 9 };
    files[name] = [await readFile(join(folder, name)), attributes];
  }
  return Buffer.from(zipSync(files));
}
