import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';

/** What a plain file does not tell of the object that it holds. */
export interface Sidecar {
  readonly etag: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The file it belongs to: a changed or replaced file makes it void. */
const describedFile = { ino: z.number(), size: z.number(), mtimeMs: z.number() };

const schema = z.object({
  etag: z.string(),
  contentType: z.string(),
  metadata: z.record(z.string(), z.string()),
  file: z.object(describedFile),
});

export interface Sidecars {
  /** The sidecar that was written for this very file. */
  read(key: string, file: Stats): Promise<Sidecar | undefined>;
  /**
   * Writes it beside the one in force, then calls `replaceFile`, then puts it in force: whatever moment the process
   * dies at, the file that is there finds the sidecar that was written for it.
   */
  write(key: string, file: Stats, sidecar: Sidecar, replaceFile?: () => Promise<void>): Promise<void>;
  remove(key: string): Promise<void>;
}

export function createSidecars(directory: string): Sidecars {
  const pathOf = (key: string) => {
    const name = createHash('sha256').update(key).digest('hex');
    return join(directory, name.slice(0, 2), `${name}.json`);
  };
  const nextOf = (path: string) => `${path}.next`;

  return {
    async read(key, file) {
      const path = pathOf(key);
      for (const candidate of [path, nextOf(path)]) {
        const sidecar = await load(candidate);
        if (sidecar && isSameFile(sidecar.file, file)) return sidecar;
      }
      return undefined;
    },

    async write(key, file, sidecar, replaceFile) {
      const path = pathOf(key);
      await mkdir(dirname(path), { recursive: true });
      const { ino, size, mtimeMs } = file;
      await writeFile(nextOf(path), JSON.stringify({ ...sidecar, file: { ino, size, mtimeMs } }), {
        flush: true,
      });
      try {
        await replaceFile?.();
      } catch (error) {
        await rm(nextOf(path), { force: true });
        throw error;
      }
      await rename(nextOf(path), path);
    },

    async remove(key) {
      const path = pathOf(key);
      await rm(path, { force: true });
      await rm(nextOf(path), { force: true });
    },
  };
}

async function load(path: string): Promise<z.infer<typeof schema> | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined; // absent, or torn by a crash: the file then speaks for itself
  }
}

function isSameFile(left: { ino: number; size: number; mtimeMs: number }, right: Stats): boolean {
  return left.ino === right.ino && left.size === right.size && left.mtimeMs === right.mtimeMs;
}
