import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { AppError } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import { createDurableFiles } from './durable-files.ts';
import { readIfExists } from './stored-file.ts';

/** Something in a data folder that is not as it was written. */
export interface Damage {
  /** The file or object, relative to the data folder. */
  readonly what: string;
  /** What is wrong with it, without a subject: `is missing`. */
  readonly problem: string;
  readonly offset?: number;
  readonly bytes?: number;
  /** Acknowledged entries that are lost; `undefined` if that is not known. */
  readonly lost?: number;
  /** What was done about it. */
  readonly remedy?: string;
}

/**
 * What to do with damage:
 * - `start`: go on if only the end of a log is lost, and fail with `StorageCorrupt` otherwise
 * - `repair`: set it aside and go on
 * - `verify`: report it and change nothing
 */
export type DamagePolicy = 'start' | 'repair' | 'verify';

/** A folder that keeps data, and how stores deal with damage that they find in it. */
export interface DataFolder {
  readonly path: string;
  readonly policy: DamagePolicy;
  report(damage: Damage): void;
  readonly aside: SetAside;
  readonly contents: Contents;
  /** A path relative to the folder. */
  relative(file: string): string;
}

/** Which logs a data folder has, in its file `contents`, so that a log that is lost as a whole is missed. */
export interface Contents {
  has(log: string): Promise<boolean>;
  add(log: string): Promise<void>;
  /** Before a log is deleted. */
  remove(log: string): Promise<void>;
}

/** Keeps what is damaged, in `set-aside/`. Nothing there is ever read or removed. Paths it returns are relative to the folder. */
export interface SetAside {
  /** Copies a stretch of a file, and returns the path of the copy. */
  copy(file: string, start: number, end: number): Promise<string>;
  /** Moves a file or folder, and returns its new path. */
  move(file: string): Promise<string>;
  /** Writes a text, and returns its path. */
  write(name: string, text: string): Promise<string>;
}

interface FolderOptions {
  readonly dataDir?: string;
  readonly logger: Logger;
}

/** The data folder of a service that starts: damage is named in its log. */
export function dataFolderOf(options: FolderOptions & { readonly dataDir: string }): DataFolder;
export function dataFolderOf(options: FolderOptions): DataFolder | undefined;
export function dataFolderOf({ dataDir, logger }: FolderOptions): DataFolder | undefined {
  if (dataDir === undefined) return undefined;
  const report = (damage: Damage) => logger.error({ ...damage }, 'the data folder is damaged');
  return openDataFolder(dataDir, 'start', report);
}

export function openDataFolder(
  dataDir: string,
  policy: DamagePolicy,
  report: DataFolder['report'],
): DataFolder {
  const relative = (file: string) => path.relative(dataDir, file);
  return {
    path: dataDir,
    policy,
    report,
    aside: createSetAside(dataDir, relative),
    contents: createContents(path.join(dataDir, 'contents')),
    relative,
  };
}

/** Services of a folder start one after the other, so no two change the file at the same time. */
function createContents(file: string): Contents {
  const files = createDurableFiles(true);
  const names = async () => ((await readIfExists(file)) ?? '').split('\n').filter(Boolean);
  const write = (lines: readonly string[]) => files.write(file, lines.map((line) => `${line}\n`).join(''));
  return {
    has: async (name) => (await names()).includes(name),
    async add(name) {
      const known = await names();
      if (!known.includes(name)) await write([...known, name]);
    },
    async remove(name) {
      await write((await names()).filter((each) => each !== name));
    },
  };
}

const COPY_BYTES = 1024 * 1024;

function createSetAside(dataDir: string, relative: DataFolder['relative']): SetAside {
  const files = createDurableFiles(true);
  const folder = path.join(dataDir, 'set-aside');
  /** A path in the folder that is free. */
  const target = async (name: string) => {
    await files.makeFolder(folder);
    const flat = name.split(path.sep).join('-');
    for (let number = 1; ; number++) {
      const candidate = path.join(folder, number === 1 ? flat : `${flat}.${number}`);
      if (!(await exists(candidate))) return candidate;
    }
  };
  return {
    async copy(file, start, end) {
      const to = await target(`${relative(file)}@${start}`);
      const source = await fs.open(file, 'r');
      const copy = await files.create(to);
      try {
        for (let at = start; at < end; ) {
          const { buffer, bytesRead } = await source.read(
            Buffer.alloc(COPY_BYTES),
            0,
            Math.min(COPY_BYTES, end - at),
            at,
          );
          if (bytesRead === 0) break;
          await copy.write(buffer, 0, bytesRead);
          at += bytesRead;
        }
        await copy.sync();
      } finally {
        await source.close();
        await copy.close();
      }
      await files.syncFolder(folder);
      return relative(to);
    },
    async move(file) {
      const to = await target(relative(file));
      await fs.rename(file, to);
      await files.syncFolder(folder);
      await files.syncFolder(path.dirname(file));
      return relative(to);
    },
    async write(name, text) {
      const to = await target(name);
      await files.write(to, text);
      return relative(to);
    },
  };
}

async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}

/** The error of a start that finds damage which only a person should decide about. */
export function storageCorrupt({ what, problem, offset, lost }: Damage): AppError {
  const where = offset === undefined ? '' : ` at byte ${offset}`;
  return new AppError('StorageCorrupt', `${what} ${problem}${where}`, { details: { what, offset, lost } });
}

/** Deals with damage that a start cannot mend: `repair` has to. */
export function failAtStart(damage: Damage, { policy, report }: DataFolder): void {
  if (policy === 'start') throw storageCorrupt(damage);
  report(damage);
}
