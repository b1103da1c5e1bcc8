import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { createDurableFiles, type DurableFiles } from '../../disk/durable-files.ts';
import { parseStored } from '../../disk/stored-file.ts';
import { OssRefusal } from '../errors.ts';
import { type BucketStore, createBucket, openBucket } from './bucket.ts';
import { recoverCommitLog } from './commit-log.ts';
import { type BucketRecord, filesOf, type ObjectRecord } from './records.ts';

/** All buckets. */
export interface Store {
  find(name: string): BucketStore | undefined;
  /** In no particular order. */
  names(): string[];
  /** Sorted by name. */
  all(): BucketStore[];
  /** Fails with `BucketAlreadyExists` if another request was faster. */
  create(record: BucketRecord): Promise<BucketStore>;
  remove(name: string): Promise<void>;
  /** Deletes everything. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** @param dataDir without it, a temporary folder that is deleted on close, and nothing waits for the disk */
export async function openStore(dataDir: string | undefined): Promise<Store> {
  const root = dataDir ?? (await fs.mkdtemp(path.join(tmpdir(), 'mnsoss-')));
  const directory = path.join(root, 'oss', 'buckets');
  const files = createDurableFiles(dataDir !== undefined);
  await fs.mkdir(directory, { recursive: true });
  const buckets = new Map<string, BucketStore>();
  for (const name of await fs.readdir(directory)) {
    const bucket = await loadBucket(path.join(directory, name), files);
    if (bucket) buckets.set(name, bucket);
  }
  const creating = new Set<string>();

  return {
    find: (name) => buckets.get(name),
    names: () => [...buckets.keys()],
    all: () => [...buckets.values()].sort((left, right) => (left.record.name < right.record.name ? -1 : 1)),
    async create(record) {
      if (buckets.has(record.name) || creating.has(record.name)) throw new OssRefusal('BucketAlreadyExists');
      creating.add(record.name);
      try {
        const bucket = await createBucket(path.join(directory, record.name), record, files);
        buckets.set(record.name, bucket);
        return bucket;
      } finally {
        creating.delete(record.name);
      }
    },
    async remove(name) {
      await buckets.get(name)?.remove();
      buckets.delete(name);
    },
    async reset() {
      const gone = [...buckets.values()];
      buckets.clear();
      await Promise.all(gone.map((bucket) => bucket.abandon()));
      const removing = path.join(root, 'oss', `.removed-${randomUUID()}`);
      await fs.rename(directory, removing);
      await fs.mkdir(directory);
      await fs.rm(removing, { recursive: true, force: true });
    },
    async close() {
      for (const bucket of buckets.values()) await bucket.close();
      if (dataDir === undefined) await fs.rm(root, { recursive: true, force: true });
    },
  };
}

/** Files that are open at the same time while a store is opened. */
const MAX_OPEN_FILES = 64;

/** Opens a bucket as a crash may have left it; `undefined` if it was being created or deleted. */
async function loadBucket(directory: string, files: DurableFiles): Promise<BucketStore | undefined> {
  const names = await fs.readdir(directory);
  if (path.basename(directory).startsWith('.') || !names.includes('bucket.json')) {
    await fs.rm(directory, { recursive: true, force: true });
    return undefined;
  }
  const record = await readRecord<BucketRecord>(path.join(directory, 'bucket.json'));
  await recoverCommitLog(directory, files);
  const objectsDirectory = path.join(directory, 'objects');
  const found = await fs.readdir(objectsDirectory);
  const recordFiles = found.filter((name) => name.endsWith('.json'));
  const records: ObjectRecord[] = [];
  for (let at = 0; at < recordFiles.length; at += MAX_OPEN_FILES) {
    const names = recordFiles.slice(at, at + MAX_OPEN_FILES);
    records.push(
      ...(await Promise.all(
        names.map((name) => readRecord<ObjectRecord>(path.join(objectsDirectory, name))),
      )),
    );
  }
  const bucket = await openBucket(directory, record, records, files);

  const there = new Set(found);
  const used = new Set(records.flatMap(filesOf));
  for (const { record: upload, parts } of [...bucket.uploads.all()]) {
    const names = [...parts.values()].map(({ segment }) => segment.file);
    // The process ended after the object was committed, and before the record of the upload was deleted.
    if (names.some((name) => used.has(name) || !there.has(name))) {
      bucket.uploads.take(upload.id);
      await bucket.uploads.forget(upload.id);
    } else for (const name of names) used.add(name);
  }
  for (const name of found) {
    if (!name.endsWith('.json') && !used.has(name)) await fs.rm(path.join(objectsDirectory, name));
  }
  return bucket;
}

async function readRecord<T>(file: string): Promise<T> {
  return parseStored(await fs.readFile(file, 'utf8'), file);
}
