import { isUtf8 } from 'node:buffer';
import { open, readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { sniffFormat } from '../shared/images/format.ts';
import { MAX_KEY_BYTES } from '../shared/oss/limits.ts';
import { AppError } from '../shared/runtime/errors.ts';

/** A file on disk and its name below the watched prefix. */
export interface LocalFile {
  readonly path: string;
  readonly name: string;
}

/** A file or folder that is not taken. */
export interface LeftOut {
  readonly path: string;
  readonly reason: string;
}

export interface ExpandedFiles {
  readonly files: readonly LocalFile[];
  readonly leftOut: readonly LeftOut[];
}

/** Images by their endings. They are taken whatever they contain: the result tells what is wrong with them. */
const IMAGE = /\.(jpe?g|jfif|png|webp|gif|tiff?|avif)$/i;

/** Formats that are taken from a folder even if the name of the file has another ending, or none. */
const TAKEN: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif']);
const HEAD_BYTES = 512;

/** The six photos in the package of the face models, under its MIT licence. */
export async function samplePhotos(): Promise<LocalFile[]> {
  const manifest = createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json');
  const folder = join(dirname(manifest), 'demo');
  const names = (await readdir(folder)).filter((name) => /^sample\d+\.jpg$/.test(name)).sort();
  return names.map((name) => ({ path: join(folder, name), name }));
}

/**
 * Named files whatever they are, and all images below named folders; and what is left out, with the reason.
 *
 * Throws `ConfigInvalid` for a path that does not exist, for two files that would get one key, and when nothing is taken.
 */
export async function expandFiles(
  paths: readonly string[],
  { prefix = '' }: { readonly prefix?: string } = {},
): Promise<ExpandedFiles> {
  const found: LocalFile[] = [];
  const leftOut: LeftOut[] = [];
  for (const path of paths) {
    const info = await stat(path).catch(() => undefined);
    if (info?.isDirectory()) await imagesBelow(path, '', found, leftOut);
    else if (info?.isFile()) found.push({ path, name: basename(path) });
    else if (info) leftOut.push({ path, reason: 'it is not a file' });
    // Node replaces bytes that are not UTF-8, so the file cannot be opened by this path.
    else if (path.includes('\ufffd')) leftOut.push({ path, reason: 'its name is not UTF-8' });
    else throw new AppError('ConfigInvalid', `${path} does not exist`);
  }
  const files: LocalFile[] = [];
  for (const file of found) {
    const reason = keyFault(`${prefix}${file.name}`) ?? (await readFault(file.path));
    if (reason === undefined) files.push(file);
    else leftOut.push({ path: file.path, reason });
  }
  assertDistinct(files);
  if (files.length === 0) throw nothingTaken(paths, leftOut);
  return { files, leftOut };
}

/** In the order of their names. */
async function imagesBelow(
  folder: string,
  below: string,
  found: LocalFile[],
  leftOut: LeftOut[],
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' }).catch(failureOf);
  if (typeof entries === 'string') {
    leftOut.push({ path: folder, reason: entries });
    return;
  }
  const sorted = entries.sort((one, other) => Buffer.compare(one.name, other.name));
  for (const entry of sorted) {
    const text = entry.name.toString();
    const [path, name] = [join(folder, text), `${below}${text}`];
    if (!isUtf8(entry.name)) leftOut.push({ path, reason: 'its name is not UTF-8' });
    else if (entry.isDirectory()) await imagesBelow(path, `${name}/`, found, leftOut);
    else if (entry.isSymbolicLink()) leftOut.push({ path, reason: 'it is a symbolic link' });
    else if (!entry.isFile()) leftOut.push({ path, reason: 'it is not a file' });
    else {
      const reason = IMAGE.test(text) ? undefined : await contentFault(path);
      if (reason === undefined) found.push({ path, name });
      else leftOut.push({ path, reason });
    }
  }
}

/** Why the content of a file is no image that is taken. */
async function contentFault(path: string): Promise<string | undefined> {
  const head = await headOf(path).catch(failureOf);
  if (typeof head === 'string') return head;
  const format = sniffFormat(head);
  if (format === undefined) return 'it is not an image';
  return TAKEN.has(format) ? undefined : `${format} is not accepted`;
}

async function readFault(path: string): Promise<string | undefined> {
  const head = await headOf(path).catch(failureOf);
  return typeof head === 'string' ? head : undefined;
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function failureOf(error: NodeJS.ErrnoException): string {
  return `it cannot be read: ${error.code ?? error.message}`;
}

function keyFault(key: string): string | undefined {
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_KEY_BYTES) return `its key would have ${bytes} bytes, OSS accepts ${MAX_KEY_BYTES}`;
  return undefined;
}

function assertDistinct(files: readonly LocalFile[]): void {
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
}

function nothingTaken(paths: readonly string[], leftOut: readonly LeftOut[]): AppError {
  const faults = [`there is no image in ${paths.join(', ')}`, ...describeLeftOut(leftOut)];
  return new AppError('ConfigInvalid', faults.join('\n'), { details: { faults } });
}

/** Files that are named one by one. */
const MAX_NAMED = 20;

/** One line for each file, up to a bound. */
export function describeLeftOut(leftOut: readonly LeftOut[]): string[] {
  const lines = leftOut.slice(0, MAX_NAMED).map(({ path, reason }) => `left out ${path}: ${reason}`);
  const more = leftOut.length - MAX_NAMED;
  return more > 0 ? [...lines, `left out ${more} more`] : lines;
}
