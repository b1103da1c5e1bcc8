import * as fs from 'node:fs/promises';
import { readBlobKey } from './blob-file.ts';
import type { BlobFolder } from './blob-folder.ts';
import { decode, entryKeys, segmentsIn } from './entries.ts';
import type { KeyIndex } from './index/key-index.ts';
import { pagesOf } from './pages.ts';
import { filesOf, type Part } from './records.ts';

interface Reader {
  readonly index: Pick<KeyIndex<unknown>, 'get' | 'from'>;
  readonly blobs: BlobFolder;
}

/**
 * Those of the files that no entry names. A file knows its key, so only that entry and the parts of uploads need to be
 * looked at. A file that does not tell its key, because it is unfinished or damaged, is looked for in all entries.
 */
export async function* unusedBlobs(
  { index, blobs }: Reader,
  names: AsyncIterable<string>,
): AsyncGenerator<string> {
  const parts = new Set<string>();
  for (const [key, value] of index.from(entryKeys.allParts)) {
    if (!key.startsWith(entryKeys.allParts)) break;
    for (const file of filesOf([decode<Part>(value).segment])) parts.add(file);
  }
  const mute = new Set<string>();
  for await (const name of names) {
    if (parts.has(name)) continue;
    const key = await readBlobKey(blobs.path(name));
    if (key === undefined) mute.add(name);
    else {
      const value = index.get(key);
      if (value === undefined || !filesOf(segmentsIn(key, value)).includes(name)) yield name;
    }
  }
  if (mute.size === 0) return;
  for await (const page of pagesOf(index)) {
    for (const [key, value] of page) {
      for (const file of filesOf(segmentsIn(key, value))) mute.delete(file);
    }
  }
  yield* mute;
}

export interface SweepOptions {
  /** What is done instead of deleting a file, if the log may have lost the entries that name it. */
  readonly keep?: (file: string) => Promise<void>;
  /** Ends the sweep; the next start begins it again. */
  readonly signal: AbortSignal;
}

/** Deletes the files that uploads left which a crash interrupted. Nobody was told that they were stored. */
export async function sweepBlobs(storage: Reader, { keep, signal }: SweepOptions): Promise<void> {
  const { blobs } = storage;
  for await (const name of unusedBlobs(storage, blobs.unsettled())) {
    if (signal.aborted) return;
    const file = blobs.path(name);
    if (keep) await keep(file);
    else await fs.rm(file, { force: true });
  }
  await blobs.settle();
}
