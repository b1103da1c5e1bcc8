import { join } from 'node:path';
import type { DataFolder } from '../../disk/data-folder.ts';
import { type Journal, type JournalFiles, memoryJournal, openJournal } from '../../disk/journal.ts';
import { createGalleries, type Galleries, type GalleryChange, type GalleryDeps } from './galleries.ts';

/** The face databases of all accounts. */
export interface GalleryStore {
  of(accountId: string): Galleries;
  /** Deletes all databases. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** A change of one account's databases, or the deletion of all. */
type GalleryRecord = { readonly account: string; readonly change: GalleryChange } | 'forgotten';

type WrittenFace = Omit<Extract<GalleryChange, { type: 'face' }>, 'embedding'> & {
  /** 32-bit floats, little-endian, in Base64. */
  readonly embedding: string;
};
type WrittenChange = Exclude<GalleryChange, { type: 'face' }> | WrittenFace;
type WrittenRecord = { readonly account: string; readonly change: WrittenChange } | 'forgotten';

/** Keeps the databases in `facebody/log` in the data folder, or in memory without one. */
export async function openGalleryStore(
  data: DataFolder | undefined,
  deps: Omit<GalleryDeps, 'keep'>,
): Promise<GalleryStore> {
  const galleries = new Map<string, Galleries>();
  const of = (account: string): Galleries => {
    const known = galleries.get(account);
    if (known) return known;
    const keep = (change: GalleryChange) => journal.append([write({ account, change })]);
    const created = createGalleries({ ...deps, keep });
    galleries.set(account, created);
    return created;
  };
  const clear = () => {
    for (const own of galleries.values()) own.clear();
  };
  const journal: Journal<WrittenRecord> =
    data === undefined
      ? memoryJournal()
      : await openJournal({
          ...galleryFiles(data),
          data,
          apply(written) {
            const record = read(written);
            if (record === 'forgotten') clear();
            else of(record.account).replay(record.change);
          },
          *snapshot() {
            for (const [account, own] of galleries) {
              for (const change of own.history()) yield write({ account, change });
            }
          },
        });

  return {
    of,
    async clear() {
      // At once: requests in progress must not use what is deleted.
      clear();
      await journal.append(['forgotten']);
    },
    close: journal.close,
  };
}

export function galleryFiles({ path }: DataFolder): JournalFiles {
  return { folder: join(path, 'facebody', 'log'), fileV1: join(path, 'facebody', 'journal') };
}

function write(record: GalleryRecord): WrittenRecord {
  if (record === 'forgotten' || record.change.type !== 'face') return record as WrittenRecord;
  const { buffer, byteOffset, byteLength } = record.change.embedding;
  const embedding = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  return { ...record, change: { ...record.change, embedding } };
}

function read(record: WrittenRecord): GalleryRecord {
  if (record === 'forgotten' || record.change.type !== 'face') return record as GalleryRecord;
  const bytes = Uint8Array.from(Buffer.from(record.change.embedding, 'base64'));
  return { ...record, change: { ...record.change, embedding: new Float32Array(bytes.buffer) } };
}
