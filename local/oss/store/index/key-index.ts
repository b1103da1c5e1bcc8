import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { crc32 } from '../../../disk/checksum.ts';
import type { DurableFiles } from '../../../disk/durable-files.ts';
import { readIfExists } from '../../../disk/stored-file.ts';
import { createBlockCache } from './block-cache.ts';
import { createDelta, type Delta } from './delta.ts';
import { mergeEntries } from './merge.ts';
import { type IndexEntry, openSortedRun, type SortedRun, writeSortedRun } from './sorted-run.ts';

/**
 * An ordered map of texts that is larger than the memory. It can be made again from the log. Changes are first in memory, then
 * in sorted files; files of similar size are merged, so that there are few.
 */
export interface KeyIndex<Meta> {
  /** What was stored with the last flush; `undefined` if the index is new. */
  readonly meta: Meta | undefined;
  get(key: string): string | undefined;
  /** Entries from a key on, in byte order. Not to be used after another turn of the event loop. */
  from(start: string): Generator<readonly [key: string, value: string]>;
  set(key: string, value: string | undefined): void;
  /** Bytes in memory that the next flush writes. */
  unflushedBytes(): number;
  /** What all entries take in the log, in bytes; too much while old values of a key are not merged away. */
  weight(): number;
  /**
   * Writes the changes to a file, together with `meta`.
   * @param options.merges whether files of similar size are merged, which may take long; `true` by default
   */
  flush(meta: Meta, options?: { readonly merges: boolean }): Promise<void>;
  close(): void;
}

interface Manifest<Meta> {
  /** Names of the files, the newest first. */
  readonly runs: readonly string[];
  readonly meta?: Meta;
}

const CACHED_BLOCKS = 512;
/** A file is merged with the next older one unless that is more than twice as large. */
const MERGE_RATIO = 2;

export interface KeyIndexOptions {
  readonly folder: string;
  readonly files: DurableFiles;
  /** What an entry takes in the log, in bytes. */
  readonly weigh: (entry: IndexEntry) => number;
  /** Changes stay in memory and are lost, and nothing in the folder is changed. @default false */
  readonly isReadOnly?: boolean;
}

/** Opens the index in a folder and checks every byte of it. Throws `StorageCorrupt` if something is damaged or missing. */
export async function openKeyIndex<Meta>(options: KeyIndexOptions): Promise<KeyIndex<Meta>> {
  const { folder, files, weigh, isReadOnly = false } = options;
  if (!isReadOnly) await files.makeFolder(folder);
  const manifestFile = path.join(folder, 'manifest');
  const stored = await readManifest<Meta>(manifestFile);
  const names = await fs.readdir(folder).catch(() => []);
  if (!stored && names.some((name) => name.endsWith('.run'))) {
    throw new AppError('StorageCorrupt', 'the manifest of the index is missing');
  }
  const manifest: Manifest<Meta> = stored ?? { runs: [] };
  const cache = createBlockCache(CACHED_BLOCKS);
  let runs: readonly SortedRun[] = [];
  for (const name of manifest.runs) {
    runs = [...runs, await openSortedRun(path.join(folder, name), cache)];
  }
  for (const run of runs) await run.verify();
  if (!isReadOnly) {
    if (!stored) await writeManifest(manifestFile, manifest, files);
    for (const name of names) {
      const isUsed = name === 'manifest' || manifest.runs.includes(name);
      if (!isUsed) await fs.rm(path.join(folder, name));
    }
  }
  let deltas: readonly [Delta, ...Delta[]] = [createDelta(weigh)];

  const writeRun = async (entries: Iterable<IndexEntry>): Promise<SortedRun> => {
    const file = path.join(folder, `${randomUUID()}.run`);
    try {
      await writeSortedRun(file, entries, files, weigh);
      return await openSortedRun(file, cache);
    } catch (error) {
      await fs.rm(file, { force: true });
      throw error;
    }
  };

  /** Makes these files the index. */
  const publish = async (next: readonly SortedRun[], meta: Meta) => {
    await writeManifest(manifestFile, { runs: next.map(({ file }) => path.basename(file)), meta }, files);
    const gone = runs.filter((run) => !next.includes(run));
    runs = next;
    for (const run of gone) {
      run.close();
      await fs.rm(run.file, { force: true });
    }
  };

  const mergeSimilar = async (meta: Meta) => {
    for (;;) {
      const [newest, older, ...rest] = runs;
      if (!newest || !older || newest.bytes * MERGE_RATIO < older.bytes) return;
      const merged = mergeEntries([newest.from(''), older.from('')]);
      await publish([await writeRun(rest.length > 0 ? merged : withoutDeleted(merged)), ...rest], meta);
    }
  };

  return {
    meta: manifest.meta,
    get(key) {
      for (const source of [...deltas, ...runs]) {
        const entry = source.find(key);
        if (entry) return entry[1];
      }
      return undefined;
    },
    *from(start) {
      for (const [key, value] of mergeEntries([...deltas, ...runs].map((source) => source.from(start)))) {
        if (value !== undefined) yield [key, value];
      }
    },
    set: (key, value) => deltas[0].set(key, value),
    unflushedBytes: () => deltas.reduce((sum, delta) => sum + delta.bytes(), 0),
    weight: () => [...deltas, ...runs].reduce((sum, source) => sum + source.weight(), 0),
    async flush(meta, { merges } = { merges: true }) {
      // Should it fail, the frozen changes stay where they are, and the next flush writes them.
      const frozen = deltas;
      deltas = [createDelta(weigh), ...frozen];
      const isEmpty = frozen.every((delta) => delta.bytes() === 0);
      const fresh = isEmpty ? [] : [await writeRun(mergeEntries(frozen.map((delta) => delta.from(''))))];
      await publish([...fresh, ...runs], meta);
      deltas = [deltas[0]];
      if (merges) await mergeSimilar(meta);
    },
    close() {
      for (const run of runs) run.close();
    },
  };
}

function* withoutDeleted(entries: Iterable<IndexEntry>): Generator<IndexEntry> {
  for (const entry of entries) if (entry[1] !== undefined) yield entry;
}

async function writeManifest<Meta>(
  file: string,
  manifest: Manifest<Meta>,
  files: DurableFiles,
): Promise<void> {
  const text = JSON.stringify(manifest);
  await files.write(file, `${crc32(Buffer.from(text))} ${text}\n`);
}

async function readManifest<Meta>(file: string): Promise<Manifest<Meta> | undefined> {
  const content = await readIfExists(file);
  if (content === undefined) return undefined;
  const [, sum, text = ''] = /^(\d+) (.*)\n$/s.exec(content) ?? [];
  if (Number(sum) === crc32(Buffer.from(text))) return JSON.parse(text);
  throw new AppError('StorageCorrupt', 'the manifest of the index is damaged');
}
