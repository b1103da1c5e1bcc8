import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/** Writes files so that a crash leaves the old or the new content, never a mixture. */
export interface DurableFiles {
  /** `false`: the files need not survive the process, and nothing waits for the disk. */
  readonly durable: boolean;
  /** Replaces the file as a whole; resolves when the new content is on disk. */
  write(file: string, content: string): Promise<void>;
  /** The same, but a crash may bring the old content back until the directory is on disk. */
  replace(file: string, content: string): Promise<void>;
  /** Waits until the bytes of an open file are on disk. */
  sync(handle: fs.FileHandle): Promise<void>;
  /** Waits until the names created or removed in a directory so far are on disk. */
  syncDirectory(directory: string): Promise<void>;
}

/** @param durable `false` for a store in a temporary folder, which ends with the process */
export function createDurableFiles(durable: boolean): DurableFiles {
  const syncNames = durable ? coalesce(syncDirectory) : async () => {};
  const sync = durable ? (handle: fs.FileHandle) => handle.datasync() : async () => {};
  const replace = async (file: string, content: string) => {
    const temporary = `${file}.tmp`;
    const handle = await fs.open(temporary, 'w');
    try {
      await handle.writeFile(content);
      await sync(handle);
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, file);
  };
  return {
    durable,
    async write(file, content) {
      await replace(file, content);
      await syncNames(path.dirname(file));
    },
    replace,
    sync,
    syncDirectory: syncNames,
  };
}

/**
 * Runs `work` once for all callers that asked before it began; a caller that asks during a run waits for the next one.
 * So many writers share one flush of their directory.
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

async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open directories; its file systems order renames themselves.
  if (process.platform === 'win32') return;
  const handle = await fs.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
