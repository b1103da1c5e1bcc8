import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/** Writes files so that a crash leaves the old or the new content, never a mixture. Only the owner can read them. */
export interface DurableFiles {
  /** `false`: the files need not survive the process, and nothing waits for the disk. */
  readonly durable: boolean;
  /** Replaces the file as a whole; resolves when the new content is on disk. */
  write(file: string, content: string): Promise<void>;
  /** Creates a file for writing and reading. Fails with `EEXIST`. */
  create(file: string): Promise<fs.FileHandle>;
  /** Creates a folder, with the folders above it, unless it exists. Resolves when their names are on disk. */
  makeFolder(folder: string): Promise<void>;
  /** Waits until the bytes of an open file are on disk. */
  sync(handle: fs.FileHandle): Promise<void>;
  /** Waits until the names created or removed in a folder so far are on disk. */
  syncFolder(folder: string): Promise<void>;
}

/** Owner only: the files hold photos, faces and keys. */
export const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** @param durable `false` for a store in a temporary folder, which ends with the process */
export function createDurableFiles(durable: boolean): DurableFiles {
  const syncFolder = durable ? coalesce(syncNames) : async () => {};
  const sync = durable ? (handle: fs.FileHandle) => handle.datasync() : async () => {};
  const create = (file: string) =>
    fs.open(file, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, FILE_MODE);
  const files: DurableFiles = {
    durable,
    async write(file, content) {
      const temporary = `${file}.new`;
      // It may have been left by a crash.
      await fs.rm(temporary, { force: true });
      const handle = await create(temporary);
      try {
        await handle.writeFile(content);
        await sync(handle);
      } finally {
        await handle.close();
      }
      await fs.rename(temporary, file);
      await syncFolder(path.dirname(file));
    },
    create,
    async makeFolder(folder) {
      const first = await fs.mkdir(folder, { recursive: true, mode: FOLDER_MODE });
      if (first === undefined) return;
      for (let at = folder; at.length >= first.length; at = path.dirname(at)) {
        await syncFolder(path.dirname(at));
      }
    },
    sync,
    syncFolder,
  };
  return files;
}

/**
 * Runs `work` once for all callers that asked before it began; a caller that asks during a run waits for the next one.
 * So many writers share one flush of their folder.
 */
function coalesce(work: (key: string) => Promise<void>): (key: string) => Promise<void> {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();
  const start = (key: string) => {
    const run = work(key).finally(() => running.delete(key));
    running.set(key, run);
    return run;
  };
  return (key) => {
    const current = running.get(key);
    if (!current) return start(key);
    const queued = waiting.get(key);
    if (queued) return queued;
    const next = current
      .catch(() => {})
      .then(() => {
        waiting.delete(key);
        return start(key);
      });
    waiting.set(key, next);
    return next;
  };
}

async function syncNames(folder: string): Promise<void> {
  // Windows cannot open folders; its file systems order renames themselves.
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes all bytes, also if the system takes only some at a time. */
export async function writeFully(handle: fs.FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

export function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
