import { createHash, randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { assertNotAborted } from '../runtime/abort.ts';
import { AppError } from '../runtime/errors.ts';
import {
  filesUnder,
  findFile,
  hasCode,
  makePlace,
  type OpenedFile,
  openFile,
  removeEmptyParents,
  statOrNothing,
} from './directory-tree.ts';
import { noSuchKey, objectAlreadyExists } from './errors.ts';
import { assertKey, compareKeys, isCurrentVersion } from './key.ts';
import { normalizeContentType, normalizeMetadata } from './metadata.ts';
import type { ObjectHead, ObjectStore } from './object-store.ts';
import { keyOfPath } from './path-of-key.ts';
import { resolveRange } from './range.ts';
import { createSidecars } from './sidecar.ts';

export interface DirectoryStoreOptions {
  /** Must exist; stands for the bucket. */
  readonly directory: string;
  /** The directory's own name when absent. */
  readonly bucket?: string;
}

interface OpenedObject {
  readonly file: FileHandle;
  readonly head: ObjectHead;
}

/** Where the store keeps what is not an object; no key has a path that begins with a dot. */
const OWN_DIRECTORY = '.mnsoss';

/** Milliseconds without a byte after which nobody writes a temporary file any more. */
const LEFT_BEHIND_MS = 86_400_000;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.avif': 'image/avif',
  '.gif': 'image/gif',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.png': 'image/png',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
  '.webp': 'image/webp',
};

/**
 * A bucket without versions as a directory: objects are plain files under their keys, to be looked at and dropped in
 * by hand. One process writes at a time; replacing is atomic, so that others may read.
 */
export function createDirectoryStore({
  directory,
  bucket = basename(directory),
}: DirectoryStoreOptions): ObjectStore {
  const sidecars = createSidecars(join(directory, OWN_DIRECTORY, 'meta'));
  const temporary = join(directory, OWN_DIRECTORY, 'tmp');
  let lastChange: Promise<unknown> = Promise.resolve();
  let swept: Promise<void> | undefined;

  /** Changes of the tree happen one after another; bodies are received outside. */
  const change = <T>(work: () => Promise<T>): Promise<T> => {
    const done = lastChange.then(work);
    lastChange = done.catch(() => {});
    return done;
  };

  const openObject = async (key: string): Promise<OpenedObject | undefined> => {
    for (;;) {
      const found = await openFile(directory, key);
      if (!found) {
        await assertDirectory(directory, bucket);
        return undefined;
      }
      const { file, stats } = found;
      try {
        const sidecar = (await sidecars.read(key, stats)) ?? (await adopt(key, found));
        if (sidecar) return { file, head: { key, ...factsOf(stats), ...sidecar } };
      } catch (error) {
        await file.close();
        throw error;
      }
      await file.close();
    }
  };

  /** Describes a file that was put there or changed by hand; `undefined` when it was replaced meanwhile. */
  const adopt = async (key: string, { file, stats, path }: OpenedFile) => {
    const hash = createHash('md5');
    for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) hash.update(chunk);
    return change(async () => {
      const now = await statOrNothing(path);
      if (now?.ino !== stats.ino || now.mtimeMs !== stats.mtimeMs) return undefined;
      const sidecar = {
        etag: hash.digest('hex').toUpperCase(),
        contentType: CONTENT_TYPES[extname(key).toLowerCase()] ?? 'application/octet-stream',
        metadata: {},
      };
      await sidecars.write(key, stats, sidecar);
      return sidecar;
    });
  };

  return {
    bucket,

    async head(key, { versionId, signal } = {}) {
      assertNotAborted(signal, `head of ${bucket}/${key}`);
      assertKey(key);
      const opened = isCurrentVersion(versionId) ? await openObject(key) : undefined;
      await opened?.file.close();
      return opened?.head;
    },

    async get(key, { versionId, range, signal } = {}) {
      assertNotAborted(signal, `get of ${bucket}/${key}`);
      assertKey(key);
      const opened = isCurrentVersion(versionId) ? await openObject(key) : undefined;
      if (!opened) throw noSuchKey(bucket, key);
      const { file, head } = opened;
      try {
        const part = range ? resolveRange(range, head.size) : { start: 0 };
        const body = file.createReadStream(part);
        return { head, body: signal ? addAbortSignal(signal, body) : body };
      } catch (error) {
        await file.close();
        throw error;
      }
    },

    async put(key, body, { contentType, metadata, forbidOverwrite, signal } = {}) {
      assertKey(key);
      const described = {
        contentType: normalizeContentType(contentType),
        metadata: normalizeMetadata(metadata),
      };
      await assertDirectory(directory, bucket);
      await mkdir(temporary, { recursive: true });
      const received = join(temporary, randomBytes(12).toString('hex'));
      try {
        const { etag, stats } = await receive(body, received, signal, `put of ${bucket}/${key}`);
        swept ??= sweep(temporary, stats.mtimeMs);
        await swept;
        await change(async () => {
          const target = await makePlace(directory, key);
          await sidecars.write(key, stats, { etag, ...described }, async () => {
            if (!forbidOverwrite) await rename(received, target);
            else await linkNew(received, target, bucket, key);
          });
        });
        return { etag, requestId: randomBytes(12).toString('hex').toUpperCase() };
      } finally {
        await rm(received, { force: true });
      }
    },

    async delete(key, { signal } = {}) {
      assertNotAborted(signal, `delete of ${bucket}/${key}`);
      assertKey(key);
      await change(async () => {
        const found = await findFile(directory, key);
        if (!found) return assertDirectory(directory, bucket);
        await rm(found);
        await sidecars.remove(key);
        await removeEmptyParents(directory, found);
      });
    },

    async *list({ prefix = '', after = '', signal } = {}) {
      await assertDirectory(directory, bucket);
      const keys: string[] = [];
      for await (const path of filesUnder(directory)) {
        const key = keyOfPath(path);
        if (key?.startsWith(prefix) && compareKeys(key, after) > 0) keys.push(key);
      }
      for (const key of keys.sort(compareKeys)) {
        assertNotAborted(signal, `list of ${bucket}`);
        const opened = await openObject(key);
        if (!opened) continue;
        await opened.file.close();
        const { size, etag, lastModified } = opened.head;
        yield { key, size, etag, lastModified };
      }
    },

    async close() {
      await lastChange;
    },
  };
}

async function receive(
  body: Uint8Array | Readable,
  path: string,
  signal: AbortSignal | undefined,
  what: string,
): Promise<{ etag: string; stats: Stats }> {
  assertNotAborted(signal, what);
  const source = body instanceof Uint8Array ? Readable.from([body]) : body;
  const hash = createHash('md5');
  const file = await open(path, 'wx');
  try {
    for await (const chunk of signal ? addAbortSignal(signal, source) : source) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
    return { etag: hash.digest('hex').toUpperCase(), stats: await file.stat() };
  } catch (error) {
    assertNotAborted(signal, what);
    throw error;
  } finally {
    await file.close();
  }
}

/** Removes what a process that died left behind; `now` is by the clock of the file system. */
async function sweep(temporary: string, now: number): Promise<void> {
  for (const name of await readdir(temporary)) {
    const path = join(temporary, name);
    const stats = await statOrNothing(path);
    if (stats && stats.mtimeMs < now - LEFT_BEHIND_MS) await rm(path, { force: true });
  }
}

/** A link, unlike a rename, fails when the name is taken. */
async function linkNew(received: string, target: string, bucket: string, key: string): Promise<void> {
  try {
    await link(received, target);
  } catch (error) {
    throw hasCode(error, 'EEXIST') ? objectAlreadyExists(bucket, key) : error;
  }
}

async function assertDirectory(directory: string, bucket: string): Promise<void> {
  if ((await statOrNothing(directory))?.isDirectory()) return;
  throw new AppError('NoSuchBucket', `bucket ${bucket}: there is no directory ${directory}`, {
    details: { bucket },
  });
}

function factsOf(stats: Stats): { size: number; lastModified: number } {
  return { size: stats.size, lastModified: Math.floor(stats.mtimeMs / 1000) * 1000 };
}
