import { isAppError } from '../../../shared/runtime/errors.ts';
import type { LogReader } from '../../disk/log-reader.ts';
import { readBlobFile, readBlobKey } from './blob-file.ts';
import type { BlobFolder } from './blob-folder.ts';
import { readLogged } from './blobs.ts';
import { entryKeys, nameOfEntry, segmentsIn } from './entries.ts';
import type { KeyIndex } from './index/key-index.ts';
import { pagesOf } from './pages.ts';
import type { Segment } from './records.ts';

export interface EntryReader {
  readonly index: Pick<KeyIndex<unknown>, 'get' | 'from'>;
  readonly blobs: BlobFolder;
  readonly log: Pick<LogReader, 'read'>;
}

export interface BadSegment {
  readonly segment: Segment;
  readonly problem: string;
  /** Whether all bytes can be read. Then only what stands beside them is damaged. */
  readonly isReadable: boolean;
}

/** An entry with segments that are missing or damaged, or one whose bucket is lost. */
export interface BadEntry {
  readonly key: string;
  readonly value: string;
  readonly bad: readonly BadSegment[];
  /** The name of the bucket if it has no record. */
  readonly lostBucket?: string;
}

/** Reads every byte of every entry. */
export async function* badEntries(reader: EntryReader): AsyncGenerator<BadEntry> {
  for await (const page of pagesOf(reader.index)) {
    for (const [key, value] of page) {
      const bad: BadSegment[] = [];
      for (const segment of segmentsIn(key, value)) {
        const found = await checkSegment(segment, reader);
        if (found) bad.push(found);
      }
      const bucket = bucketOf(key);
      const lostBucket = reader.index.get(entryKeys.bucket(bucket)) === undefined ? bucket : undefined;
      if (bad.length > 0 || lostBucket !== undefined) yield { key, value, bad, lostBucket };
    }
  }
}

/** The bucket of an entry of any kind: the second part of its key. */
function bucketOf(key: string): string {
  return nameOfEntry(key).split('/', 1)[0]!;
}

async function checkSegment(segment: Segment, { blobs, log }: EntryReader): Promise<BadSegment | undefined> {
  let isReadable = false;
  try {
    if ('log' in segment) await readLogged(segment, log);
    if ('file' in segment) {
      const { file, size } = segment;
      for await (const _piece of readBlobFile(blobs.path(file), size, 0, size));
      isReadable = true;
      if ((await readBlobKey(blobs.path(file))) === undefined) {
        return { segment, problem: `${file} has a damaged end`, isReadable };
      }
    }
    return undefined;
  } catch (error) {
    if (!isAppError(error, 'StorageCorrupt')) throw error;
    return { segment, problem: error.message, isReadable };
  }
}
