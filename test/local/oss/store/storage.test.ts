import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Damage, openDataFolder } from '../../../../local/disk/data-folder.ts';
import { createDurableFiles } from '../../../../local/disk/durable-files.ts';
import { cleanLog } from '../../../../local/oss/store/clean-log.ts';
import { entryKeys } from '../../../../local/oss/store/entries.ts';
import { openFolder } from '../../../../local/oss/store/open-folder.ts';
import { newBucket } from '../../../../local/oss/store/records.ts';
import { openStore, type Store } from '../../../../local/oss/store/store.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { writeBucketV1 } from '../../../support/data-folder-v1.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const OWNER = '1234567890123456';

const open = (dataDir: string) => openStore({ dataDir, logger: silentLogger, ownerId: OWNER });

/** Stores an object as PutObject does. */
async function put(store: Store, key: string, bytes: Buffer): Promise<void> {
  const bucket = store.find('things') ?? (await store.create(newBucket('things', OWNER, 0)));
  async function* source() {
    yield bytes;
  }
  const { segment, md5, crc64 } = await bucket.write(key, source());
  const version = {
    id: 'null',
    deleteMarker: false,
    type: 'Normal',
    segments: [segment],
    size: bytes.length,
    etag: md5.toString('hex'),
    crc64: String(crc64),
    lastModified: 0,
    headers: {},
    metadata: {},
    tags: [],
    acl: 'default',
    storageClass: 'Standard',
  } as const;
  await bucket.edit(key, () => ({ versions: [version], result: undefined }), { fresh: [segment] });
}

async function get(store: Store, key: string): Promise<Buffer | undefined> {
  const bucket = store.find('things')!;
  const version = bucket.find(key)?.versions[0];
  if (!version) return undefined;
  const stream = await bucket.read(version.segments, 0, version.size);
  const pieces: Buffer[] = [];
  for await (const piece of stream.pieces) pieces.push(Buffer.from(piece));
  await stream.close();
  return Buffer.concat(pieces);
}

test('the first files of the log are deleted when what they hold was moved, and nothing is lost', async () => {
  const dataDir = await tempDir();
  const contents = new Map<string, Buffer>();
  for (let run = 0; run < 4; run++) {
    const store = await open(dataDir);
    for (const [key, size] of [
      [`small-${run}`, 500],
      [`large-${run}`, 100_000],
      ['same', 700],
    ] as const) {
      const bytes = randomBytes(size);
      await put(store, key, bytes);
      contents.set(key, bytes);
    }
    if (run > 0) {
      await store.find('things')!.edit(`small-${run - 1}`, () => ({ versions: [], result: undefined }));
      contents.delete(`small-${run - 1}`);
    }
    await store.close();
  }
  const folder = join(dataDir, 'oss');
  const data = openDataFolder(dataDir, 'start', () => {});
  const files = createDurableFiles(true);
  const storage = await openFolder({ folder, files, data, logger: silentLogger, ownerId: OWNER });
  // Its own file, which is never cleaned.
  await storage.commit({
    segments: [],
    changes: () => [{ key: entryKeys.bucket('other'), value: '0 {}' }],
    dropped: [],
  });
  await storage.commit({ segments: [], changes: () => [{ key: entryKeys.bucket('other') }], dropped: [] });

  await cleanLog(join(folder, 'log'), storage, { signal: new AbortController().signal, isDue: () => true });
  await storage.close();
  await fs.rm(join(folder, 'index'), { recursive: true });
  const again = await open(dataDir);
  onTestFinished(again.close);

  const logs = (await fs.readdir(join(folder, 'log'))).filter((name) => name.endsWith('.log'));
  expect(logs).toHaveLength(1);
  for (const [key, bytes] of contents) expect((await get(again, key))?.equals(bytes), key).toBe(true);
  expect([...again.find('things')!.from('')].map(({ key }) => key)).toEqual([...contents.keys()].sort());
});

test('a folder of version 0.1 is taken over with its objects, its log and its uploads', async () => {
  const dataDir = await tempDir();
  const objects = [
    { key: 'small', bytes: Buffer.from('hello') },
    { key: 'large', bytes: randomBytes(90_000) },
    { key: 'logged', bytes: Buffer.from('only in the log'), isLogged: true },
    { key: 'empty', bytes: Buffer.alloc(0) },
  ];
  const upload = { id: 'u1', key: 'future', parts: [Buffer.from('one'), randomBytes(40_000)] };
  const folder = await writeBucketV1(dataDir, 'things', { objects, uploads: [upload] });

  const store = await open(dataDir);
  onTestFinished(store.close);

  for (const { key, bytes } of objects) expect((await get(store, key))?.equals(bytes), key).toBe(true);
  expect(store.find('things')!.find('small')!.versions[0]).toMatchObject({ metadata: { from: 'v1' } });
  expect([...store.find('things')!.uploads.find('u1')!.parts.keys()]).toEqual([1, 2]);
  await expect(fs.access(folder)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a take-over that was interrupted begins again', async () => {
  const dataDir = await tempDir();
  await writeBucketV1(dataDir, 'things', { objects: [{ key: 'a', bytes: Buffer.from('hello') }] });
  const broken = await writeBucketV1(dataDir, 'zz', { objects: [{ key: 'b', bytes: Buffer.from('hello') }] });
  await fs.writeFile(join(broken, 'bucket.json'), '{');
  await expect(open(dataDir)).rejects.toMatchObject({ code: 'StorageCorrupt' });
  await writeBucketV1(dataDir, 'zz', {});

  const store = await open(dataDir);
  onTestFinished(store.close);

  expect(store.names().sort()).toEqual(['things', 'zz']);
  expect((await get(store, 'a'))?.toString()).toBe('hello');
});

test('a folder of version 0.1 whose bucket.json is lost keeps every object after a repair', async () => {
  const dataDir = await tempDir();
  const folder = await writeBucketV1(dataDir, 'things', {
    objects: [{ key: 'a', bytes: Buffer.from('hello') }],
  });
  await fs.rm(join(folder, 'bucket.json'));
  await expect(open(dataDir)).rejects.toMatchObject({ code: 'StorageCorrupt' });
  const found: Damage[] = [];
  const data = openDataFolder(dataDir, 'repair', (damage) => void found.push(damage));
  const files = createDurableFiles(true);

  const repaired = await openFolder({
    folder: join(dataDir, 'oss'),
    files,
    data,
    logger: silentLogger,
    ownerId: OWNER,
  });
  await repaired.close();
  const store = await open(dataDir);
  onTestFinished(store.close);

  expect(found).toMatchObject([{ what: 'oss/buckets/things/bucket.json', problem: 'is missing' }]);
  expect((await get(store, 'a'))?.toString()).toBe('hello');
  expect(await fs.readdir(join(dataDir, 'set-aside'))).toEqual(['oss-buckets']);
});

test('files of an upload that a crash interrupted are deleted, and those of objects are not', async () => {
  const dataDir = await tempDir();
  const store = await open(dataDir);
  const bytes = randomBytes(50_000);
  await put(store, 'kept', bytes);
  async function* source() {
    yield bytes;
  }
  await store.find('things')!.write('never committed', source());
  const crashed = await tempDir();
  await fs.cp(dataDir, crashed, { recursive: true });
  await store.close();

  const data = openDataFolder(crashed, 'start', () => {});
  const files = createDurableFiles(true);
  const storage = await openFolder({
    folder: join(crashed, 'oss'),
    files,
    data,
    logger: silentLogger,
    ownerId: OWNER,
  });
  await storage.swept;
  await storage.close();
  const again = await open(crashed);
  onTestFinished(again.close);

  const blobs = await fs.readdir(join(crashed, 'oss', 'blobs'), { recursive: true, withFileTypes: true });
  expect(blobs.filter((entry) => entry.isFile())).toHaveLength(1);
  expect((await get(again, 'kept'))?.equals(bytes)).toBe(true);
});
