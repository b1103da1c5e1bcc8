import * as fs from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Random } from '../../../shared/runtime/random.ts';

/** What was done to a file. */
export interface Harm {
  readonly kind: (typeof KINDS)[number];
  /** Relative to the data folder. */
  readonly file: string;
  readonly offset: number;
}

const KINDS = ['flip', 'flip', 'flip', 'cut', 'cut', 'remove'] as const;

/** Damages one file of a data folder. Each file is hit as often as the others, however small it is. */
export async function harmFolder(dataDir: string, random: Random): Promise<Harm> {
  const files = (await filesIn(dataDir)).sort();
  const file = files[Math.floor(random() * files.length)]!;
  const path = join(dataDir, file);
  const bytes = await fs.readFile(path);
  const kind = KINDS[Math.floor(random() * KINDS.length)]!;
  // Often near the end, where the newest entry is.
  const back = random() < 0.5 ? random() ** 4 : random();
  const offset = Math.max(0, Math.floor((bytes.length - 1) * (1 - back)));
  if (kind === 'remove') await fs.rm(path);
  else if (kind === 'cut') await fs.truncate(path, offset);
  else if (bytes.length > 0) {
    bytes[offset]! ^= 1 << Math.floor(random() * 8);
    await fs.writeFile(path, bytes);
  }
  return { kind, file, offset };
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
