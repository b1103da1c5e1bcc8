import pLimit from 'p-limit';
import type { ObjectStore } from '../../../oss/object-store.ts';
import { AppError, isAppError } from '../../../runtime/errors.ts';
import { decodeSegment, type EmbedderId, encodeSegment, type Segment } from './segment.ts';

/** The segments of one gallery. Writers append segments and never change them; a merge replaces several by one. */
export interface SegmentLog {
  /** The current segments by name. Returns the same map when nothing changed. Do not call it in parallel. */
  read(): Promise<ReadonlyMap<string, Segment>>;
  /** Durable when it returns. */
  append(segment: Segment, signal?: AbortSignal): Promise<void>;
  /** Names of segments that the last reading found replaced but not yet deleted. */
  replaced(): readonly string[];
  remove(names: readonly string[]): Promise<void>;
  /** Removes all segments, also those of other embedders. */
  clear(): Promise<void>;
}

export interface SegmentLogOptions {
  readonly store: ObjectStore;
  /** Key prefix of the segments; ends with a slash. */
  readonly prefix: string;
  readonly embedder: EmbedderId;
  /** Makes a unique name. Later names sort after earlier ones, as far as clocks agree. */
  readonly newName: () => string;
}

const SUFFIX = '.faces';

/** Attempts to read a gallery that changes constantly, before it counts as unavailable. */
const MAX_ATTEMPTS = 50;

const PARALLEL_REQUESTS = 16;

export function createSegmentLog({ store, prefix, embedder, newName }: SegmentLogOptions): SegmentLog {
  /** Segments that were read or written. They never change, so the name identifies the content. */
  const known = new Map<string, Segment>();
  let live: ReadonlyMap<string, Segment> = new Map();
  let listed: readonly string[] = [];

  const keyOf = (name: string) => `${prefix}${name}${SUFFIX}`;

  const list = async (): Promise<string[]> => {
    const names: string[] = [];
    for await (const { key } of store.list({ prefix })) {
      if (key.endsWith(SUFFIX)) names.push(key.slice(prefix.length, -SUFFIX.length));
    }
    return names;
  };

  /**
   * A listing is not a snapshot: between its pages, a merge may add a segment to an earlier page and remove the replaced
   * ones from a later page. Two equal listings exclude this.
   */
  const listStable = async (): Promise<string[]> => {
    let names = await list();
    for (let attempt = 0; !equal(names, listed) && attempt < MAX_ATTEMPTS; attempt++) {
      const again = await list();
      if (equal(names, again)) return names;
      names = again;
    }
    return names;
  };

  /** `undefined` when a merge has replaced the segment since the listing. */
  const download = async (name: string): Promise<Segment | undefined> => {
    try {
      return decodeSegment(name, await readWhole(store, keyOf(name)), embedder);
    } catch (error) {
      if (isAppError(error, 'NoSuchKey')) return undefined;
      throw error;
    }
  };

  return {
    async read() {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const names = await listStable();
        if (equal(names, listed)) return live;
        const segments = new Map<string, Segment>();
        const replaced = new Set<string>();
        let complete = true;
        // The latest first, because they say which of the earlier ones are replaced.
        await inParallel([...names].reverse(), async (name) => {
          if (replaced.has(name)) return;
          const segment = known.get(name) ?? (await download(name));
          if (!segment) {
            complete = false;
            return;
          }
          known.set(name, segment);
          segments.set(name, segment);
          for (const other of segment.replaces) replaced.add(other);
        });
        if (!complete) continue;

        const present = new Set(names);
        for (const name of known.keys()) if (!present.has(name) || replaced.has(name)) known.delete(name);
        live = new Map(
          names.filter((name) => !replaced.has(name)).map((name) => [name, segments.get(name)!] as const),
        );
        listed = names;
        return live;
      }
      throw new AppError(
        'ServiceUnavailable',
        `the gallery at ${prefix} changed during each of ${MAX_ATTEMPTS} readings`,
      );
    },

    async append(segment, signal) {
      const name = newName();
      try {
        await store.put(keyOf(name), encodeSegment(segment, embedder), { forbidOverwrite: true, signal });
      } catch (error) {
        // The name is unique: an earlier attempt of this request has written it, and its answer was lost.
        if (!isAppError(error, 'ObjectAlreadyExists')) throw error;
      }
      known.set(name, segment);
    },

    replaced: () => listed.filter((name) => !live.has(name)),

    async remove(names) {
      await inParallel(names, (name) => store.delete(keyOf(name)));
    },

    async clear() {
      for (let names = await list(); names.length > 0; names = await list()) {
        await inParallel(names, (name) => store.delete(keyOf(name)));
      }
      known.clear();
    },
  };
}

/** Reads an object into its own memory, so that the embeddings are aligned and need no second copy. */
async function readWhole(store: ObjectStore, key: string): Promise<ArrayBuffer> {
  const { head, body } = await store.get(key);
  const bytes = new Uint8Array(head.size);
  let received = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (received + chunk.length <= bytes.length) bytes.set(chunk, received);
    received += chunk.length;
  }
  if (received === bytes.length) return bytes.buffer;
  throw new AppError('BodyMismatch', `${key}: expected ${bytes.length} bytes, but received ${received}`, {
    details: { key, expected: bytes.length, received },
  });
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  await pLimit(PARALLEL_REQUESTS).map(items, work);
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}
