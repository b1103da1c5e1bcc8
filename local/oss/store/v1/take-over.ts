import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import pLimit from 'p-limit';
import type { Logger } from '../../../../shared/runtime/log.ts';
import { type DataFolder, failAtStart } from '../../../disk/data-folder.ts';
import { createCrc64 } from '../../../http/crc64.ts';
import { encodeObject, encodePart, encodeRecord, entryKeys } from '../entries.ts';
import { newBucket, type ObjectRecord, type Part, type Segment } from '../records.ts';
import type { Storage } from '../storage.ts';
import { type BucketV1, isObjectRecord, readBucketV1, readJson } from './read-bucket.ts';

/** A segment of version 0.1: the first `size` bytes of a file in `objects/`. */
interface SegmentV1 {
  readonly file: string;
  readonly size: number;
}

/** Records that are taken over at the same time, so that they share flushes. */
const CONCURRENCY = 64;

export interface TakeOverDeps {
  readonly storage: Pick<Storage, 'receive' | 'commit'>;
  readonly data: DataFolder;
  readonly logger: Logger;
  /** Owns all buckets, as far as is known. Version 0.1 had no checksum of the owner. */
  readonly ownerId: string;
}

/** Copies all buckets of version 0.1, which stay as they are. Every byte is checked by the checksum of its object. */
export async function takeOverV1(folder: string, deps: TakeOverDeps): Promise<void> {
  const names = (await fs.readdir(folder)).filter((name) => !name.startsWith('.'));
  deps.logger.warn({ buckets: names.length }, 'taking over the data of version 0.1');
  for (const name of names) {
    const bucket = await readBucketV1(path.join(folder, name), deps.data);
    const isEmpty = bucket.records.length + bucket.logged.size + bucket.uploads.length === 0;
    // A crash came while the bucket was being created.
    if (!bucket.record && isEmpty) continue;
    await takeOverBucket(name, bucket, deps);
  }
}

async function takeOverBucket(name: string, bucket: BucketV1, deps: TakeOverDeps): Promise<void> {
  const { storage, data, ownerId } = deps;
  const record = bucket.record ?? newBucket(name, ownerId, Date.now());
  if (record.ownerId !== ownerId) {
    data.report({ what: name, problem: `belongs to account ${record.ownerId}, not to ${ownerId}` });
  }
  await storage.commit({
    segments: [],
    changes: () => [{ key: entryKeys.bucket(name), value: encodeRecord(record) }],
    dropped: [],
  });
  const used = new Set<string>();
  const limited = pLimit(CONCURRENCY);
  const takeOver = async (found: ObjectRecord | undefined) => {
    if (!found) return;
    for (const { segments } of found.versions) for (const { file } of segments as SegmentV1[]) used.add(file);
    await takeOverObject(name, found, bucket, deps);
  };
  await limited.map(bucket.records, async (file) => {
    const found = await readJson<ObjectRecord>(
      path.join(bucket.folder, 'objects', file),
      isObjectRecord,
      data,
    );
    if (found && file !== recordFileOf(found.key)) {
      failAtStart(
        { what: `${name}/objects/${file}`, problem: 'is damaged: it has another key', lost: 1 },
        data,
      );
    } else await takeOver(found);
  });
  await limited.map(bucket.logged.values(), takeOver);
  for (const { record: upload, parts } of bucket.uploads) {
    // The object was committed, and the process ended before the upload was deleted.
    if (parts.some(({ segment }) => used.has((segment as SegmentV1).file))) continue;
    await storage.commit({
      segments: [],
      changes: () => [{ key: entryKeys.upload(name, upload.id), value: encodeRecord(upload) }],
      dropped: [],
    });
    for (const part of parts) {
      used.add((part.segment as SegmentV1).file);
      await takeOverPart(name, upload, part, bucket, deps);
    }
  }
  const unused = bucket.blobs.filter((file) => !used.has(file));
  if (unused.length === 0) return;
  data.report({
    what: `${name}/objects`,
    problem: `has files that no record names: ${unused.length} interrupted uploads, or objects whose record is lost`,
  });
}

/** Version 0.1 named the record of an object after its key. */
function recordFileOf(key: string): string {
  return `${createHash('sha256').update(key).digest('hex')}.json`;
}

async function takeOverObject(
  bucket: string,
  { key, versions }: ObjectRecord,
  files: BucketV1,
  { storage, data }: TakeOverDeps,
): Promise<void> {
  const entryKey = entryKeys.object(bucket, key);
  const taken: ObjectRecord['versions'][number][] = [];
  for (const version of versions) {
    const copied = await copySegments(version.segments as SegmentV1[], entryKey, files, storage);
    if (copied?.crc64 !== version.crc64) {
      failAtStart({ what: `${bucket}/${key}`, problem: 'has missing or damaged bytes', lost: 1 }, data);
    } else taken.push({ ...version, segments: copied.segments });
  }
  if (taken.length === 0) return;
  await storage.commit({
    segments: taken.flatMap(({ segments }) => segments),
    changes(place) {
      const placed = taken.map((version) => ({ ...version, segments: version.segments.map(place) }));
      return [{ key: entryKey, value: encodeObject({ key, versions: placed }) }];
    },
    dropped: [],
  });
}

async function takeOverPart(
  bucket: string,
  { id, key }: { id: string; key: string },
  part: Part,
  files: BucketV1,
  { storage, data }: TakeOverDeps,
): Promise<void> {
  const copied = await copySegments(
    [part.segment as SegmentV1],
    entryKeys.object(bucket, key),
    files,
    storage,
  );
  if (copied?.crc64 !== part.crc64) {
    return failAtStart(
      { what: `part ${part.number} of upload ${id}`, problem: 'is missing or damaged', lost: 1 },
      data,
    );
  }
  await storage.commit({
    segments: copied.segments,
    changes: (place) => [
      {
        key: entryKeys.part(bucket, id, part.number),
        value: encodePart({ ...part, segment: place(copied.segments[0]!) }),
      },
    ],
    dropped: [],
  });
}

/** The bytes in the new format, and their checksum; `undefined` if some are missing. */
async function copySegments(
  segments: readonly SegmentV1[],
  key: string,
  files: BucketV1,
  storage: TakeOverDeps['storage'],
): Promise<{ segments: Segment[]; crc64: string } | undefined> {
  const crc = createCrc64();
  const copied: Segment[] = [];
  for (const segment of segments) {
    const { segment: taken } = await storage.receive(key, bytesOf(segment, files, crc.update));
    copied.push(taken);
    if (taken.size < segment.size) return undefined;
  }
  return { segments: copied, crc64: String(crc.digest()) };
}

/** As many bytes as there are. */
async function* bytesOf(
  { file, size }: SegmentV1,
  { folder, bytes }: BucketV1,
  update: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  const first = (bytes.get(file) ?? Buffer.alloc(0)).subarray(0, size);
  if (first.length > 0) {
    update(first);
    yield first;
  }
  if (first.length === size) return;
  // An append may have made the file longer than the bytes in the log.
  const handle = await fs.open(path.join(folder, 'objects', file), 'r').catch(() => undefined);
  if (!handle) return;
  try {
    const rest = { start: first.length, end: size - 1, autoClose: false };
    for await (const chunk of handle.createReadStream(rest)) {
      update(chunk);
      yield chunk;
    }
  } finally {
    await handle.close();
  }
}
