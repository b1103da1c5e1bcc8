import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { AppError } from '../shared/runtime/errors.ts';

/** A file on disk and its name below the watched prefix. */
export interface LocalFile {
  readonly path: string;
  readonly name: string;
}

/** The files of a folder that are taken. A file that is named itself may have any ending. */
const IMAGE = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i;

/** The six photos in the package of the face models, under its MIT licence. */
export async function samplePhotos(): Promise<LocalFile[]> {
  const manifest = createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json');
  const folder = join(dirname(manifest), 'demo');
  const names = (await readdir(folder)).filter((name) => /^sample\d+\.jpg$/.test(name)).sort();
  return names.map((name) => ({ path: join(folder, name), name }));
}

/** Files as they are, and all images below folders. Throws `ConfigInvalid` for a path that does not exist. */
export async function expandFiles(paths: readonly string[]): Promise<LocalFile[]> {
  const files: LocalFile[] = [];
  for (const path of paths) {
    const info = await stat(path).catch(() => undefined);
    if (!info) throw new AppError('ConfigInvalid', `${path} does not exist`);
    if (info.isDirectory()) files.push(...(await imagesBelow(path)));
    else files.push({ path, name: basename(path) });
  }
  const names = new Map<string, string>();
  for (const { name, path } of files) {
    const other = names.get(name);
    if (other && resolve(other) !== resolve(path)) {
      throw new AppError(
        'ConfigInvalid',
        `${other} and ${path} would both become ${name}: pass their common folder`,
      );
    }
    names.set(name, path);
  }
  return files;
}

async function imagesBelow(folder: string): Promise<LocalFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && IMAGE.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
    .map((path) => ({ path, name: relative(folder, path).split(sep).join('/') }));
}
