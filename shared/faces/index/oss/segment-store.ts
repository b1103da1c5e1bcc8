import pLimit from 'p-limit';
import type { ObjectStore } from '../../../oss/object-store.ts';
import { AppError, isAppError } from '../../../runtime/errors.ts';
import type { EmbedderId } from '../picture-table.ts';
import { decodeSegment, encodeSegment, type Segment } from './segment.ts';

/** The segments of one index as objects. A segment never changes, so its name identifies its content. */
export interface SegmentStore {
  /** Names of all segments with their sizes in bytes, in the order of their stamps. */
  list(): Promise<ReadonlyMap<string, number>>;
  /** `undefined` when a merge has removed the segment since it was listed. */
  read(name: string): Promise<Segment | undefined>;
  /** Durable when it returns. Returns the number of bytes. */
  write(name: string, segment: Segment, signal?: AbortSignal): Promise<number>;
  remove(names: Iterable<string>): Promise<void>;
  /** Removes the segments of all other embedders. */
  removeOthers(): Promise<void>;
}

const SUFFIX = '.faces';
const PARALLEL_REQUESTS = 16;

/** Attempts to list an index that changes constantly, before the last listing counts. */
const MAX_LISTINGS = 50;

export function createSegmentStore(store: ObjectStore, prefix: string, embedder: EmbedderId): SegmentStore {
  const folder = `${prefix}${embedder.name}/`;
  const keyOf = (name: string) => `${folder}${name}${SUFFIX}`;

  const listOnce = async (): Promise<Map<string, number>> => {
    const segments = new Map<string, number>();
    for await (const { key, size } of store.list({ prefix: folder })) {
      if (key.endsWith(SUFFIX)) segments.set(key.slice(folder.length, -SUFFIX.length), size);
    }
    return segments;
  };

  const removeKeys = async (keys: readonly string[]): Promise<void> => {
    await pLimit(PARALLEL_REQUESTS).map(keys, (key) => store.delete(key));
  };

  return {
    /**
     * A listing is not a snapshot: between its pages, a merge may add a segment to an earlier page and remove the merged
     * ones from a later page. Two equal listings exclude this.
     */
    async list() {
      let segments = await listOnce();
      for (let listing = 1; listing < MAX_LISTINGS; listing++) {
        const again = await listOnce();
        if (sameNames(segments, again)) break;
        segments = again;
      }
      return segments;
    },

    async read(name) {
      try {
        const { head, body } = await store.get(keyOf(name));
        const bytes = Buffer.concat(await body.toArray());
        if (bytes.length === head.size) return decodeSegment(keyOf(name), bytes, embedder);
        throw new AppError(
          'BodyMismatch',
          `${keyOf(name)}: expected ${head.size} bytes, but received ${bytes.length}`,
        );
      } catch (error) {
        if (isAppError(error, 'NoSuchKey')) return undefined;
        throw error;
      }
    },

    async write(name, segment, signal) {
      const bytes = encodeSegment(segment, embedder);
      try {
        await store.put(keyOf(name), bytes, { forbidOverwrite: true, signal });
      } catch (error) {
        // The name is unique: an earlier attempt of this request has written it, and its answer was lost.
        if (!isAppError(error, 'ObjectAlreadyExists')) throw error;
      }
      return bytes.length;
    },

    remove: (names) => removeKeys([...names].map(keyOf)),

    async removeOthers() {
      const others: string[] = [];
      for await (const { key } of store.list({ prefix })) {
        if (key.endsWith(SUFFIX) && !key.startsWith(folder)) others.push(key);
      }
      await removeKeys(others);
    },
  };
}

function sameNames(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean {
  return one.size === other.size && [...one.keys()].every((name) => other.has(name));
}
