import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { type DataFolder, failAtStart } from '../../../disk/data-folder.ts';
import { readJournalV1 } from '../../../disk/journal-v1.ts';
import { entriesOf } from '../../../disk/stored-file.ts';
import type { BucketRecord, ObjectRecord, ObjectVersion, Part, Segment, UploadRecord } from '../records.ts';

/** A bucket of version 0.1, whose segments are all files in `objects/`. */
export interface BucketV1 {
  readonly folder: string;
  /** `undefined` if it is missing or damaged. */
  readonly record: BucketRecord | undefined;
  /** Names of the records in `objects/`. */
  readonly records: readonly string[];
  /** Records that are only in the log; `undefined` for a key that was deleted. */
  readonly logged: ReadonlyMap<string, ObjectRecord | undefined>;
  /** The first bytes of files in `objects/` that may be only in the log. */
  readonly bytes: ReadonlyMap<string, Buffer>;
  /** Names of the other files in `objects/`. */
  readonly blobs: readonly string[];
  readonly uploads: readonly { readonly record: UploadRecord; readonly parts: readonly Part[] }[];
}

/** A commit as version 0.1 wrote it to `log.<generation>`. */
interface Entry {
  readonly record?: { readonly file: string; readonly content?: ObjectRecord };
  /** The first bytes of files, in Base64. */
  readonly blobs: Readonly<Record<string, string>>;
}

/**
 * Reads a bucket as version 0.1 left it: `bucket.json`, `log.<generation>`, `objects/<hash>.json`, `objects/<hash>.<id>` and
 * `uploads/<id>/`. Changes nothing.
 */
export async function readBucketV1(folder: string, data: DataFolder): Promise<BucketV1> {
  const logged = new Map<string, ObjectRecord | undefined>();
  const bytes = new Map<string, Buffer>();
  for (const name of await logsIn(folder)) {
    await readJournalV1<Entry>(path.join(folder, name), data, ({ record, blobs }) => {
      if (record) logged.set(record.file, record.content);
      for (const [file, content] of Object.entries(blobs)) bytes.set(file, Buffer.from(content, 'base64'));
    });
  }
  const found = await entriesOf(path.join(folder, 'objects'));
  const uploads: BucketV1['uploads'][number][] = [];
  for (const id of await entriesOf(path.join(folder, 'uploads'))) {
    const upload = await readUpload(path.join(folder, 'uploads', id), data);
    if (upload) uploads.push(upload);
  }
  return {
    folder,
    record: await readJson<BucketRecord>(
      path.join(folder, 'bucket.json'),
      ({ name, ownerId, documents }) =>
        name === path.basename(folder) && typeof ownerId === 'string' && typeof documents === 'object',
      data,
    ),
    records: found.filter((name) => name.endsWith('.json') && !logged.has(name)),
    logged,
    bytes,
    blobs: found.filter((name) => !name.endsWith('.json')),
    uploads,
  };
}

async function logsIn(folder: string): Promise<string[]> {
  return (await entriesOf(folder))
    .filter((name) => /^log\.\d+$/.test(name))
    .sort((left, right) => Number(left.slice(4)) - Number(right.slice(4)));
}

/** An upload whose record was never written has not begun. */
async function readUpload(folder: string, data: DataFolder) {
  const names = await entriesOf(folder);
  if (!names.includes('upload.json')) return undefined;
  const record = await readJson<UploadRecord>(path.join(folder, 'upload.json'), isUpload, data);
  if (!record) return undefined;
  const parts: Part[] = [];
  for (const name of names.filter((each) => /^\d+\.json$/.test(each))) {
    const part = await readJson<Part>(path.join(folder, name), isPart, data);
    if (part) parts.push(part);
  }
  return { record, parts };
}

/** `undefined` if it is missing or damaged, which is reported or, at a start, an error. */
export async function readJson<T>(
  file: string,
  isValid: (value: T) => boolean,
  data: DataFolder,
): Promise<T | undefined> {
  try {
    const value = JSON.parse(await fs.readFile(file, 'utf8')) as T;
    if (isValid(value)) return value;
    throw new Error('other fields than expected');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const problem = isMissing ? 'is missing' : 'is damaged';
    failAtStart({ what: data.relative(file), problem, lost: 1 }, data);
    return undefined;
  }
}

export const isObjectRecord = ({ key, versions }: ObjectRecord) =>
  typeof key === 'string' && versions.length > 0 && versions.every(isVersion);

/** Version 0.1 had no checksums of records: this finds what other code would fail at. */
function isVersion(version: ObjectVersion): boolean {
  const { id, etag, type, storageClass, headers, metadata, tags, segments, size, lastModified } = version;
  return (
    [id, etag, type, storageClass].every((text) => typeof text === 'string') &&
    [headers, metadata, tags].every((each) => typeof each === 'object') &&
    Number.isFinite(new Date(lastModified).getTime()) &&
    segments.every(isSegment) &&
    segments.reduce((sum, each) => sum + each.size, 0) === size
  );
}

const isSegment = (segment: Segment) =>
  'file' in segment && typeof segment.file === 'string' && typeof segment.size === 'number';

const isUpload = ({ id, key, template }: UploadRecord) =>
  typeof id === 'string' && typeof key === 'string' && typeof template === 'object';

const isPart = ({ number, etag, segment }: Part) =>
  Number.isInteger(number) && typeof etag === 'string' && isSegment(segment);
