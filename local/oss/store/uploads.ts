import type { Change } from './changes.ts';
import { decode, encodePart, encodeRecord, entryKeys } from './entries.ts';
import { filesOf, type Part, type UploadRecord } from './records.ts';
import type { Storage } from './storage.ts';

/** A multipart upload in progress. */
export interface Upload {
  readonly record: UploadRecord;
  /** By part number; read when it is asked for. */
  readonly parts: ReadonlyMap<number, Part>;
}

/** The multipart uploads of a bucket. */
export interface Uploads {
  find(id: string): Upload | undefined;
  all(): Iterable<UploadRecord>;
  initiate(record: UploadRecord): Promise<void>;
  /** Stores or replaces a part. Returns `false`, and stores nothing, if the upload has ended meanwhile. */
  putPart(id: string, part: Part): Promise<boolean>;
  /** Runs alone: meanwhile nobody else ends the upload or stores a part. */
  alone<T>(id: string, run: (upload: Upload | undefined) => Promise<T>): Promise<T>;
  /** The changes that delete an upload, and the files of its parts. */
  removalOf(upload: Upload): { readonly changes: readonly Change[]; readonly files: readonly string[] };
}

export function createUploads(
  bucket: string,
  { index, locked, commit }: Pick<Storage, 'index' | 'locked' | 'commit'>,
): Uploads {
  const keyOf = (id: string) => entryKeys.upload(bucket, id);

  function* valuesOf<T>(prefix: string): Generator<T> {
    for (const [key, value] of index.from(prefix)) {
      if (!key.startsWith(prefix)) return;
      yield decode<T>(value);
    }
  }
  const load = (id: string): Upload | undefined => {
    const value = index.get(keyOf(id));
    if (value === undefined) return undefined;
    let parts: Map<number, Part> | undefined;
    return {
      record: decode<UploadRecord>(value),
      get parts() {
        parts ??= new Map(
          [...valuesOf<Part>(entryKeys.parts(bucket, id))].map((part) => [part.number, part]),
        );
        return parts;
      },
    };
  };

  return {
    find: load,
    all: () => valuesOf<UploadRecord>(keyOf('')),
    initiate: (record) =>
      commit({
        segments: [],
        changes: () => [{ key: keyOf(record.id), value: encodeRecord(record) }],
        dropped: [],
      }),
    putPart: (id, part) =>
      locked(keyOf(id), async () => {
        if (index.get(keyOf(id)) === undefined) return false;
        const key = entryKeys.part(bucket, id, part.number);
        const before = index.get(key);
        await commit({
          segments: [part.segment],
          changes: (place) => [{ key, value: encodePart({ ...part, segment: place(part.segment) }) }],
          dropped: before === undefined ? [] : filesOf([decode<Part>(before).segment]),
        });
        return true;
      }),
    alone: (id, run) => locked(keyOf(id), () => run(load(id))),
    removalOf({ record, parts }) {
      const numbers = [...parts.keys()];
      return {
        changes: [
          keyOf(record.id),
          ...numbers.map((number) => entryKeys.part(bucket, record.id, number)),
        ].map((key) => ({ key })),
        files: filesOf([...parts.values()].map(({ segment }) => segment)),
      };
    },
  };
}
