import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { DurableFiles } from '../../disk/durable-files.ts';
import { createLocks } from './locks.ts';
import type { Part, Segment, UploadRecord } from './records.ts';

/** A multipart upload in progress. */
export interface Upload {
  readonly record: UploadRecord;
  /** By part number. */
  readonly parts: Map<number, Part>;
}

/**
 * The multipart uploads of a bucket: `<id>/upload.json`, and one `<id>/<number>.json` per part. The bytes of parts are
 * among the bucket's objects from the start, so that completing an upload moves none.
 */
export interface Uploads {
  find(id: string): Upload | undefined;
  all(): Iterable<Upload>;
  size(): number;
  initiate(record: UploadRecord): Promise<void>;
  /** Stores or replaces a part. Returns `false`, and stores nothing, if the upload has ended meanwhile. */
  putPart(id: string, part: Part): Promise<boolean>;
  /** Removes the upload from the list, so that only one caller ends it; `undefined` if there is none. */
  take(id: string): Upload | undefined;
  /** Puts back an upload that could not be completed. */
  restore(upload: Upload): void;
  /** Deletes the records of an upload that was taken. */
  forget(id: string): Promise<void>;
}

/** What uploads need from the object files, which contain the bytes of parts. */
export interface PartFiles {
  /** Waits until the bytes of a part are on disk. */
  settle(segment: Segment): Promise<void>;
  discard(segments: readonly Segment[]): Promise<void>;
}

export async function createUploads(
  directory: string,
  files: DurableFiles,
  { settle, discard }: PartFiles,
): Promise<Uploads> {
  const uploads = new Map<string, Upload>();
  const locked = createLocks();
  for (const id of await fs.readdir(directory)) {
    const upload = await load(path.join(directory, id));
    if (upload) uploads.set(id, upload);
    else await fs.rm(path.join(directory, id), { recursive: true, force: true });
  }

  return {
    find: (id) => uploads.get(id),
    all: () => uploads.values(),
    size: () => uploads.size,
    async initiate(record) {
      await fs.mkdir(path.join(directory, record.id));
      await files.write(path.join(directory, record.id, 'upload.json'), JSON.stringify(record));
      await files.syncDirectory(directory);
      uploads.set(record.id, { record, parts: new Map() });
    },
    putPart: (id, part) =>
      locked(id, async () => {
        const upload = uploads.get(id);
        if (!upload) return false;
        const before = upload.parts.get(part.number);
        await settle(part.segment);
        await files.write(path.join(directory, id, `${part.number}.json`), JSON.stringify(part));
        if (!uploads.has(id)) return false;
        upload.parts.set(part.number, part);
        if (before) await discard([before.segment]);
        return true;
      }),
    take(id) {
      const upload = uploads.get(id);
      uploads.delete(id);
      return upload;
    },
    restore: (upload) => void uploads.set(upload.record.id, upload),
    forget: (id) =>
      locked(id, async () => {
        await fs.rm(path.join(directory, id), { recursive: true, force: true });
        await files.syncDirectory(directory);
      }),
  };
}

/** `undefined` if a crash came before the record was written. */
async function load(directory: string): Promise<Upload | undefined> {
  const names = await fs.readdir(directory);
  if (!names.includes('upload.json')) return undefined;
  const read = async (name: string) => JSON.parse(await fs.readFile(path.join(directory, name), 'utf8'));
  const record: UploadRecord = await read('upload.json');
  const parts = new Map<number, Part>();
  for (const name of names) {
    if (!/^\d+\.json$/.test(name)) continue;
    const part: Part = await read(name);
    parts.set(part.number, part);
  }
  return { record, parts };
}
