import { join } from 'node:path';
import { type Journal, memoryJournal, openJournal } from '../../disk/journal.ts';
import type { GalleryChange } from './galleries.ts';

/** One change of one account's databases, or the end of them all. */
export type GalleryRecord = { readonly account: string; readonly change: GalleryChange } | 'forgotten';

type WrittenChange = Exclude<GalleryChange, { type: 'face' }> | WrittenFace;
type WrittenFace = Omit<Extract<GalleryChange, { type: 'face' }>, 'embedding'> & {
  /** 32-bit floats, little-endian, in Base64. */
  readonly embedding: string;
};
type WrittenRecord = { readonly account: string; readonly change: WrittenChange } | 'forgotten';

/** Keeps databases in `facebody/` below the data folder; in memory only without one. */
export async function openGalleryJournal(options: {
  readonly dataDir: string | undefined;
  readonly replay: (record: GalleryRecord) => void;
  readonly history: () => Iterable<GalleryRecord>;
}): Promise<Journal<GalleryRecord>> {
  const { dataDir, replay, history } = options;
  if (dataDir === undefined) return memoryJournal();
  const journal = await openJournal<WrittenRecord>({
    path: join(dataDir, 'facebody', 'journal'),
    apply: (record) => replay(read(record)),
    snapshot: () => Array.from(history(), written),
  });
  return {
    append: (records) => journal.append(records.map(written)),
    note: (records) => journal.note(records.map(written)),
    close: journal.close,
  };
}

function written(record: GalleryRecord): WrittenRecord {
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
