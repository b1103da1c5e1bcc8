import pLimit from 'p-limit';
import type { ObjectStore } from '../../../oss/object-store.ts';
import type { RuntimeDeps } from '../../../runtime/deps.ts';
import { toAppError } from '../../../runtime/errors.ts';
import type { FaceIndex } from '../face-index.ts';
import { createPictureTable, type EmbedderId, entryOf, type PictureEntry } from '../picture-table.ts';
import { createStamps } from '../stamps.ts';
import { mergeSegments, smallSegments } from './merge.ts';
import type { Segment } from './segment.ts';
import { createSegmentStore } from './segment-store.ts';

export interface OssFaceIndexOptions extends Pick<RuntimeDeps, 'clock' | 'logger'> {
  readonly store: ObjectStore;
  /** Key prefix of the index, for example `index/`. It ends with a slash and contains nothing else. */
  readonly prefix: string;
  readonly embedder: EmbedderId;
  /** Makes a unique text of `[A-Za-z0-9]`, for example from `randomUUID`. */
  readonly newId: () => string;
  /** Milliseconds after which a reader looks for writes of other instances, with two listings. @default 5000 */
  readonly refreshMs?: number;
  /** Number of segments above which a writer merges the smaller ones. @default 64 */
  readonly maxSegments?: number;
}

/** A fresh instance downloads this many segments at once: each is up to 16 MB. */
const PARALLEL_DOWNLOADS = 4;

/**
 * Sightings as objects in OSS: written as immutable segments, searched in memory.
 *
 * Writers never share an object, and of the entries of one picture the latest counts. So the content does not depend on the
 * order of writes and merges, and reading a segment twice has no effect. A merge writes one segment with the content of
 * several and then removes these; it can stop anywhere.
 *
 * Writing needs no reading: an instance that only writes never downloads the index.
 */
export function createOssFaceIndex(options: OssFaceIndexOptions): FaceIndex {
  const { store, prefix, embedder, clock, logger, newId } = options;
  const { refreshMs = 5000, maxSegments = 64 } = options;
  const segments = createSegmentStore(store, prefix, embedder);
  const newStamp = createStamps(clock, newId);
  const table = createPictureTable(embedder);
  let clearedBefore = '';
  /** Numbers of the segments whose entries are in the table. */
  const read = new Map<string, number>();
  const names = new Map<number, string>();
  let numbers = 0;
  /** Segments with embeddings of faces that were replaced or removed. */
  const outdated = new Set<string>();
  let written = 0;
  let freshUntil = Number.NEGATIVE_INFINITY;
  let underWay: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | undefined;

  const numberOf = (name: string): number => {
    const number = read.get(name) ?? numbers++;
    read.set(name, number);
    names.set(number, name);
    return number;
  };

  /** Removed segments never come back. */
  const forgetRemoved = (listed: ReadonlyMap<string, number>): void => {
    for (const [name, number] of read) {
      if (listed.has(name)) continue;
      read.delete(name);
      names.delete(number);
      outdated.delete(name);
    }
  };

  const apply = async (name: string, segment: Segment): Promise<void> => {
    if (segment.clearedBefore !== undefined && segment.clearedBefore > clearedBefore) {
      clearedBefore = segment.clearedBefore;
      table.removeBefore(clearedBefore);
    }
    const number = numberOf(name);
    for (const entry of segment.entries) {
      if (entry.stamp < clearedBefore) {
        if (entry.faces.length > 0) outdated.add(name);
        continue;
      }
      const replaced = table.apply(entry, number);
      const holder = replaced === undefined ? undefined : names.get(replaced);
      if (holder !== undefined) outdated.add(holder);
    }
  };

  /** Reads everything that was written before this call. Waiting calls share one reading. */
  const refresh = (): Promise<void> => {
    next ??= underWay.then(async () => {
      next = undefined;
      for (let missing = true; missing; ) {
        missing = false;
        const listed = await segments.list();
        const unread = [...listed.keys()].filter((name) => !read.has(name));
        await pLimit(PARALLEL_DOWNLOADS).map(unread, async (name) => {
          const segment = await segments.read(name);
          if (segment) await apply(name, segment);
          else missing = true;
        });
        forgetRemoved(listed);
      }
      freshUntil = clock.now() + refreshMs;
    });
    underWay = next.catch(() => {});
    return next;
  };

  const refreshIfStale = async (): Promise<void> => {
    if (clock.now() >= freshUntil) await refresh();
  };

  const append = async (segment: Segment, signal?: AbortSignal): Promise<void> => {
    const name = newStamp();
    await segments.write(name, segment, signal);
    await apply(name, segment);
    written++;
  };

  /** Replaces the chosen segments by one. */
  const merge = async (chosen: readonly string[], complete: boolean): Promise<void> => {
    const contents: Segment[] = [];
    for (const name of chosen) {
      const segment = await segments.read(name);
      // Another instance has merged it.
      if (segment) contents.push(segment);
    }
    const isCurrent = (entry: PictureEntry) => entry.stamp >= clearedBefore && table.isCurrent(entry);
    const merged = mergeSegments(contents, { isCurrent, complete, now: clock.now() });
    if (merged.entries.length > 0 || merged.clearedBefore !== undefined) await append(merged);
    await segments.remove(chosen);
    for (const name of chosen) outdated.delete(name);
  };

  /** Does not throw: the write before it is durable, and a failed merge only leaves more segments to read. */
  const mergeIfCrowded = async (): Promise<void> => {
    if (written < maxSegments) return;
    written = 0;
    try {
      const listed = await segments.list();
      if (listed.size <= maxSegments) return;
      const chosen = smallSegments(listed);
      await merge(chosen, chosen.length === listed.size);
    } catch (thrown) {
      const { code, message } = toAppError(thrown);
      logger.warn({ code, reason: message, index: prefix }, 'face index not merged');
    }
  };

  const erase = async (): Promise<void> => {
    await refresh();
    if (outdated.size > 0) await merge([...outdated], false);
  };

  return {
    name: 'oss',

    async put(write, faces, { signal } = {}) {
      const entry = entryOf(write, faces, newStamp(), embedder);
      await append({ entries: [entry] }, signal);
      await mergeIfCrowded();
    },

    async remove({ bucket, key, time }, { signal } = {}) {
      const entry = entryOf({ bucket, key, time, requestId: '' }, [], newStamp(), embedder);
      await append({ entries: [entry] }, signal);
      await erase();
    },

    erase,

    async search(probes, search) {
      await refreshIfStale();
      return table.search(probes, search);
    },

    async *all() {
      await refresh();
      yield* table.all();
    },

    async sightings(object) {
      await refreshIfStale();
      return table.sightings(object);
    },

    async count() {
      await refreshIfStale();
      return table.count;
    },

    async clear() {
      const before = newStamp();
      await append({ entries: [], clearedBefore: before });
      const listed = await segments.list();
      await segments.remove([...listed.keys()].filter((name) => name < before));
      await segments.removeOthers();
      await refresh();
    },

    async close() {
      await underWay;
      await table.close();
    },
  };
}
