import { createWriteStream } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCrc64 } from '../../http/crc64.ts';
import { FcRefusal } from '../errors.ts';
import type { Code } from './records.ts';

/** Zips of functions by their checksum, and what they hold. */
export interface CodeStore {
  /** Stores a zip. Throws `InvalidArgument` for another checksum than the expected one, or for what is no zip. */
  add(zip: Buffer, expected: string | undefined): Promise<Extract<Code, { checksum: string }>>;
  /** The zip, as it was stored. */
  read(checksum: string): Promise<Buffer>;
  /** The folder with the files of the code. */
  folderOf(code: Code): Promise<string>;
  /** Deletes the code that nobody uses. */
  sweep(used: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}

/** doc: bytes of a function's code, unpacked. */
const MAX_UNPACKED_BYTES = 500 * 1024 * 1024;
/** Milliseconds: the official SDKs wait three seconds for an answer. */
const PATIENCE_MS = 1000;
/** The bits of a Unix file mode that tell a link from a file. */
const FILE_TYPE = 0o170000;
const LINK = 0o120000;

/** Keeps code in `fc/code/` of the data folder, or in a temporary folder that is deleted on close. */
export async function openCodeStore(dataDir: string | undefined): Promise<CodeStore> {
  const folder =
    dataDir === undefined ? await mkdtemp(join(tmpdir(), 'local-fc-code-')) : join(dataDir, 'fc/code');
  await mkdir(folder, { recursive: true });
  const unpacking = new Map<string, Promise<string>>();
  const zipOf = (checksum: string) => join(folder, `${checksum}.zip`);

  const unpacked = async (checksum: string): Promise<string> => {
    const target = join(folder, checksum);
    if (await exists(target)) return target;
    const partial = `${target}.new`;
    await rm(partial, { recursive: true, force: true });
    await unzip(await readFile(zipOf(checksum)), partial);
    await rename(partial, target);
    return target;
  };
  const folderOf = (checksum: string): Promise<string> => {
    const running = unpacking.get(checksum) ?? unpacked(checksum);
    unpacking.set(checksum, running);
    running.catch(() => unpacking.delete(checksum));
    return running;
  };

  return {
    async add(zip, expected) {
      const crc = createCrc64();
      crc.update(zip);
      const checksum = String(crc.digest());
      if (expected !== undefined && expected !== checksum) {
        throw new FcRefusal('InvalidArgument', `code: the CRC-64 of the zip is ${checksum}, not ${expected}`);
      }
      if (!(await exists(zipOf(checksum)))) {
        await writeFile(`${zipOf(checksum)}.new`, zip);
        await rename(`${zipOf(checksum)}.new`, zipOf(checksum));
      }
      // A zip that cannot be unpacked is refused now; but clients do not wait as long as a large one takes.
      const patience = new AbortController();
      const waited = sleep(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => {});
      await Promise.race([folderOf(checksum), waited]).finally(() => patience.abort());
      return { checksum, size: zip.length };
    },
    read: (checksum) => readFile(zipOf(checksum)),
    folderOf: async (code) => ('folder' in code ? code.folder : folderOf(code.checksum)),
    async sweep(used) {
      for (const name of await readdir(folder)) {
        const checksum = name.replace(/\.zip$/, '');
        if (used.has(checksum)) continue;
        await unpacking.get(checksum)?.catch(() => {});
        unpacking.delete(checksum);
        await rm(join(folder, name), { recursive: true, force: true });
      }
    },
    async close() {
      await Promise.allSettled(unpacking.values());
      if (dataDir === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Unpacks files, folders and links. Names and links that lead out of the folder are refused. */
async function unzip(zip: Buffer, target: string): Promise<void> {
  const { fromBufferPromise } = await import('yauzl');
  const refuse = (reason: string, cause?: unknown) =>
    new FcRefusal('InvalidArgument', { message: `code: ${reason}`, cause });
  const archive = await fromBufferPromise(zip, { lazyEntries: true }).catch((cause: unknown) => {
    throw refuse('the file is not a zip', cause);
  });
  const inside = (path: string) => path === target || path.startsWith(`${target}${sep}`);
  await mkdir(target, { recursive: true });
  let bytes = 0;
  for await (const entry of archive.eachEntry()) {
    const { fileName, uncompressedSize, externalFileAttributes } = entry;
    const mode = externalFileAttributes >>> 16;
    const path = resolve(target, fileName);
    if (!inside(path)) throw refuse(`${fileName} leads out of the zip`);
    if (fileName.endsWith('/')) {
      await mkdir(path, { recursive: true });
      continue;
    }
    bytes += uncompressedSize;
    if (bytes > MAX_UNPACKED_BYTES) throw refuse(`the files have more than ${MAX_UNPACKED_BYTES} bytes`);
    await mkdir(dirname(path), { recursive: true });
    const stream = await archive.openReadStreamPromise(entry);
    if ((mode & FILE_TYPE) === LINK) {
      const goal = await text(stream);
      if (!inside(resolve(dirname(path), goal))) throw refuse(`the link ${fileName} leads out of the zip`);
      await symlink(goal, path);
      continue;
    }
    const options = { mode: (mode & 0o111) === 0 ? 0o644 : 0o755 };
    await pipeline(stream, createWriteStream(path, options)).catch((cause: unknown) => {
      throw refuse(`${fileName} is damaged`, cause);
    });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
