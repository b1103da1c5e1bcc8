import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Logger } from '../../../shared/runtime/log.ts';
import { dataFolderOf } from '../../disk/data-folder.ts';
import { createDurableFiles } from '../../disk/durable-files.ts';
import { OssRefusal } from '../errors.ts';
import { type BucketStore, openBucket } from './bucket.ts';
import { decode, encodeRecord, entryKeys } from './entries.ts';
import { openFolder } from './open-folder.ts';
import type { BucketRecord } from './records.ts';
import type { Storage } from './storage.ts';

/**
 * All buckets. Operations see this interface and `BucketStore` alone:
 *
 * - `bucket.find(key)` and `bucket.from(key)` read records; they are synchronous, so what an operation decides from one
 *   record is true until its next `await`
 * - `bucket.write` stores bytes, and `bucket.edit` makes them an object, atomically and durably; what an edit does not use of
 *   its `fresh` segments is deleted
 * - `bucket.read` opens bytes that stay until the stream is closed, whatever happens to the object
 * - `bucket.update` changes settings; new documents need no change here, as `record.documents` holds any
 * - a new field of a version needs a line in `completed` (entries.ts), and a default there if most versions lack it
 */
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

export interface StoreOptions {
  readonly dataDir?: string;
  readonly logger: Logger;
  /** The account that owns a bucket whose record is lost. */
  readonly ownerId: string;
}

/** Begins the name of a folder that is being deleted. */
const REMOVED = '.removed-';

/** @param options.dataDir without it, a temporary folder that is deleted on close, and nothing waits for the disk */
export async function openStore({ dataDir, logger, ownerId }: StoreOptions): Promise<Store> {
  const root = dataDir ?? (await fs.mkdtemp(path.join(tmpdir(), 'mnsoss-')));
  const folder = path.join(root, 'oss');
  const files = createDurableFiles(dataDir !== undefined);
  const data = dataFolderOf({ dataDir: root, logger });
  for (const name of await fs.readdir(root).catch(() => [] as string[])) {
    if (name.startsWith(REMOVED)) await fs.rm(path.join(root, name), { recursive: true });
  }
  const open = () => openFolder({ folder, files, data, logger, ownerId });
  let storage = await open();
  const buckets = loadBuckets(storage);
  const creating = new Set<string>();

  return {
    find: (name) => buckets.get(name),
    names: () => [...buckets.keys()],
    all: () => [...buckets.values()].sort((left, right) => (left.record.name < right.record.name ? -1 : 1)),
    async create(record) {
      const { name } = record;
      if (buckets.has(name) || creating.has(name)) throw new OssRefusal('BucketAlreadyExists');
      creating.add(name);
      try {
        const change = { key: entryKeys.bucket(name), value: encodeRecord(record) };
        await storage.commit({ segments: [], changes: () => [change], dropped: [] });
        const bucket = openBucket(record, storage);
        buckets.set(name, bucket);
        return bucket;
      } finally {
        creating.delete(name);
      }
    },
    async remove(name) {
      await buckets.get(name)?.remove();
      buckets.delete(name);
    },
    async reset() {
      for (const bucket of buckets.values()) bucket.abandon();
      buckets.clear();
      await storage.close();
      if (dataDir !== undefined) await data.contents.remove(data.relative(path.join(folder, 'log')));
      // Deleting many files takes time, a rename is atomic.
      const removing = path.join(root, `${REMOVED}${randomUUID()}`);
      await fs.rename(folder, removing);
      storage = await open();
      await fs.rm(removing, { recursive: true, force: true });
    },
    async close() {
      await storage.close();
      if (dataDir === undefined) await fs.rm(root, { recursive: true, force: true });
    },
  };
}

function loadBuckets(storage: Storage): Map<string, BucketStore> {
  const buckets = new Map<string, BucketStore>();
  const prefix = entryKeys.bucket('');
  for (const [key, value] of storage.index.from(prefix)) {
    if (!key.startsWith(prefix)) break;
    const record = decode<BucketRecord>(value);
    buckets.set(record.name, openBucket(record, storage));
  }
  return buckets;
}
