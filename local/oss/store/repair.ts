import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { silentLogger } from '../../../shared/runtime/log.ts';
import type { DataFolder } from '../../disk/data-folder.ts';
import { createDurableFiles } from '../../disk/durable-files.ts';
import { logFile } from '../../disk/scan-log.ts';
import { type BadEntry, badEntries } from './check-entries.ts';
import {
  decode,
  decodeObject,
  encodeObject,
  encodeRecord,
  entryKeys,
  nameOfEntry,
  uploadKeyOf,
  withSegments,
} from './entries.ts';
import { openFolder } from './open-folder.ts';
import { pagesOf } from './pages.ts';
import { filesOf, newBucket, type Segment, type UploadRecord } from './records.ts';
import type { Storage } from './storage.ts';
import { unusedBlobs } from './sweep.ts';

interface RepairDeps {
  readonly storage: Storage;
  readonly data: DataFolder;
  readonly folder: string;
  readonly ownerId: string;
}

/** Mends what can be mended, and sets aside what cannot. Afterwards nothing is wrong with the folder. */
export async function repairOss(folder: string, data: DataFolder, ownerId: string): Promise<void> {
  const files = createDurableFiles(true);
  const storage = await openFolder({ folder, files, data, logger: silentLogger, ownerId });
  const deps: RepairDeps = { storage, data, folder, ownerId };
  try {
    await storage.swept;
    if (!storage.log.wasSound) await writeAgain(storage);
    for await (const entry of badEntries(storage)) await mendEntry(entry, deps);
    for await (const name of unusedBlobs(storage, storage.blobs.names())) {
      const file = storage.blobs.path(name);
      const remedy = `it is ${await data.aside.move(file)} now`;
      data.report({ what: data.relative(file), problem: 'belongs to no object', remedy });
    }
    await storage.checkpoint();
  } finally {
    await storage.close();
  }
}

/** The log may have lost entries that only the index still has. */
async function writeAgain({ index, commit }: Storage): Promise<void> {
  for await (const page of pagesOf(index)) {
    if (page.length === 0) continue;
    const changes = page.map(([key, value]) => ({ key, value }));
    await commit({ segments: [], changes: () => changes, dropped: [] });
  }
}

async function mendEntry(entry: BadEntry, deps: RepairDeps): Promise<void> {
  if (entry.lostBucket !== undefined) await makeBucket(entry.lostBucket, deps);
  if (entry.bad.length > 0) await mendSegments(entry, deps);
}

async function makeBucket(name: string, { storage, data, ownerId }: RepairDeps): Promise<void> {
  const key = entryKeys.bucket(name);
  // The first of its entries made it.
  if (storage.index.get(key) !== undefined) return;
  const changes = [{ key, value: encodeRecord(newBucket(name, ownerId, Date.now())) }];
  await storage.commit({ segments: [], changes: () => changes, dropped: [] });
  data.report({
    what: name,
    problem: 'has objects, but its settings are lost',
    remedy: 'it is a private bucket now',
  });
}

/** Copies the bytes that can be read, and removes versions and parts that have lost some. */
async function mendSegments({ key, value, bad }: BadEntry, deps: RepairDeps): Promise<void> {
  const { storage, data } = deps;
  const lost = bad.filter(({ isReadable }) => !isReadable).map(({ segment }) => segment);
  const copies = new Map<string, Segment>();
  for (const { segment, isReadable } of bad) {
    if (isReadable) copies.set(idOf(segment), await copyBytes(segment, key, storage));
  }
  let remedy = 'its bytes were copied';
  if (lost.length > 0) {
    const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
    const kept = [await data.aside.write(`oss-${name}.txt`, `${key}\n${value}\n`)];
    for (const segment of lost) kept.push(...(await setAside(segment, deps)));
    remedy = `it was removed; what is left of it is ${kept.join(' and ')}`;
  }
  await storage.commit({
    segments: [...copies.values()],
    changes: (place) => {
      const mended = (segment: Segment) => place(copies.get(idOf(segment)) ?? segment);
      return [{ key, value: encodeWithout(key, value, new Set(lost.map(idOf)), mended) }];
    },
    dropped: filesOf(bad.filter(({ isReadable }) => isReadable).map(({ segment }) => segment)),
  });
  for (const { problem, isReadable } of bad) {
    const what = nameOfEntry(key);
    data.report({ what, problem: `needs bytes: ${problem}`, lost: isReadable ? 0 : 1, remedy });
  }
}

/** The value without versions that have a lost segment; `undefined` if nothing is left. */
function encodeWithout(
  key: string,
  value: string,
  lost: ReadonlySet<string>,
  map: (segment: Segment) => Segment,
): string | undefined {
  if (key.startsWith('p/')) return lost.size > 0 ? undefined : withSegments(key, value, map);
  const { versions } = decodeObject('', value);
  const left = versions.filter(({ segments }) => !segments.some((segment) => lost.has(idOf(segment))));
  if (left.length === 0) return undefined;
  return withSegments(key, encodeObject({ key, versions: left }), map);
}

function idOf(segment: Segment): string {
  if ('file' in segment) return segment.file;
  return 'log' in segment ? `${segment.log} ${segment.offset}` : '';
}

async function copyBytes(segment: Segment, key: string, { index, read, receive }: Storage): Promise<Segment> {
  const upload = key.startsWith('p/') ? index.get(uploadKeyOf(key)) : undefined;
  // Files of parts have the key of the future object.
  const [, bucket = ''] = key.split('/');
  const ownKey = upload ? entryKeys.object(bucket, decode<UploadRecord>(upload).key) : key;
  const stream = await read([segment], 0, segment.size);
  try {
    return (await receive(ownKey, stream.pieces)).segment;
  } finally {
    await stream.close();
  }
}

/** Returns the paths of what could be kept. */
async function setAside(segment: Segment, { storage, data, folder }: RepairDeps): Promise<string[]> {
  try {
    if ('file' in segment) return [await data.aside.move(storage.blobs.path(segment.file))];
    if (!('log' in segment)) return [];
    const file = logFile(path.join(folder, 'log'), segment.log);
    return [await data.aside.copy(file, segment.offset, segment.offset + segment.size)];
  } catch (error) {
    // There is nothing to keep if the file is missing.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
