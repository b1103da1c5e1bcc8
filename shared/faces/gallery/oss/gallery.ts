import type { ObjectStore } from '../../../oss/object-store.ts';
import { ageOf, type Moment, momentOf } from '../../../runtime/age.ts';
import type { RuntimeDeps } from '../../../runtime/deps.ts';
import { AppError, toAppError } from '../../../runtime/errors.ts';
import { HIGH_SIMILARITY, MATCH_SIMILARITY } from '../../similarity.ts';
import type { Gallery, Thresholds } from '../gallery.ts';
import { assertPersonName, canonicalName } from '../person-name.ts';
import { createSegmentLog } from './log.ts';
import { chooseSmall, chooseWithRemovedFaces, merge } from './merge.ts';
import { createPeopleIndex, photosOf } from './people-index.ts';
import type { Addition, EmbedderId, Segment } from './segment.ts';

export interface OssGalleryOptions extends Pick<RuntimeDeps, 'clock' | 'logger'> {
  readonly store: ObjectStore;
  /** Key prefix of the gallery, for example `gallery/`. It ends with a slash and contains nothing else. */
  readonly prefix: string;
  readonly embedder: EmbedderId;
  /** Cosines. Default: those of the local engine's default embedder. */
  readonly thresholds?: Thresholds;
  /** Makes a unique text of `[A-Za-z0-9]`, for example from `randomUUID`. */
  readonly newId: () => string;
  /** Milliseconds after which a search looks for writes of other instances, with one listing. @default 5000 */
  readonly refreshMs?: number;
  /** Number of segments above which a writer merges the smaller ones. @default 64 */
  readonly maxSegments?: number;
}

/** `plausible`: 0.2 % of pairs of one person are less similar, 0.09 % of pairs of strangers are more (docs/models.md). */
const COSINES: Thresholds = { match: MATCH_SIMILARITY, high: HIGH_SIMILARITY, plausible: 0.35 };

/**
 * People as objects in OSS: embeddings are stored in immutable segments and searched in memory.
 *
 * The only conditional write of OSS is "do not overwrite", so writers never share an object. Each addition has its own
 * instance id, and a removal names the instances that it has seen. The result depends neither on the order of writes
 * nor on merges. This is known as an observed-remove set.
 */
export function createOssGallery(options: OssGalleryOptions): Gallery {
  const { store, prefix, embedder, thresholds = COSINES, clock, newId, logger } = options;
  const { refreshMs = 5000, maxSegments = 64 } = options;
  const newName = () => `${String(clock.now()).padStart(14, '0')}-${newId()}`;
  const log = createSegmentLog({ store, prefix, embedder, newName });

  let live: ReadonlyMap<string, Segment> | undefined;
  const index = createPeopleIndex(embedder.size);
  let readAt: Moment | undefined;
  let underWay: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | undefined;

  /** Reads the gallery with everything that was written before this call. Waiting calls share one reading. */
  const refresh = (): Promise<void> => {
    next ??= underWay.then(async () => {
      next = undefined;
      const now = await log.read();
      if (now !== live) index.update(now);
      live = now;
      readAt = momentOf(clock);
    });
    underWay = next.catch(() => {});
    return next;
  };

  const instancesOf = (person: string) => [...(index.people.get(canonicalName(person)) ?? [])];

  const refreshIfStale = (): Promise<void> | undefined =>
    ageOf(readAt, clock) >= refreshMs ? refresh() : undefined;

  const append = async (segment: Partial<Segment>, signal?: AbortSignal): Promise<void> => {
    const empty: Segment = { additions: [], vectors: new Float32Array(0), removals: [], replaces: [] };
    await log.append({ ...empty, ...segment }, signal);
    await refresh();
  };

  /** Replaces the chosen segments by one, and deletes segments that earlier merges replaced but did not delete. */
  const compact = async (choose: (live: ReadonlyMap<string, Segment>) => string[]): Promise<void> => {
    const before = live!;
    const chosen = choose(before);
    const left = log.replaced();
    if (chosen.length > 0) {
      const existing = new Set([...before.keys(), ...left]);
      await append(merge(before, chosen, { existing, now: clock.now() }));
    }
    await log.remove([...chosen, ...left]);
    await refresh();
  };

  /** Does not throw: the write before it is durable, and a failed merge only leaves more segments to read. */
  const compactIfCrowded = async (): Promise<void> => {
    if (live!.size <= maxSegments) return;
    try {
      await compact(chooseSmall);
    } catch (thrown) {
      const { code, message } = toAppError(thrown);
      logger.warn({ code, reason: message, gallery: prefix, segments: live!.size }, 'gallery not merged');
    }
  };

  const remove = async (removed: readonly Addition[], signal?: AbortSignal): Promise<void> => {
    const at = clock.now();
    await append({ removals: removed.map(({ instance }) => ({ instance, at })) }, signal);
    // The embeddings of removed faces must be deleted, not only ignored.
    await compact(chooseWithRemovedFaces);
    await compactIfCrowded();
  };

  return {
    name: 'oss',
    thresholds,
    usesEmbeddings: true,

    async search(_image, faces, { people }) {
      const probes = faces.map(({ embedding }) => checked(embedding, embedder));
      await refreshIfStale();
      return index.search(probes, people);
    },

    async add(name, faces, { signal } = {}) {
      const person = canonicalName(name);
      assertPersonName(person);
      const fresh = new Map(faces.map(({ photo, face }) => [photo, checked(face.embedding, embedder)]));
      await refresh();
      for (const { photo } of instancesOf(person)) fresh.delete(photo);
      if (fresh.size > 0) {
        const name = newId();
        const additions = [...fresh.keys()].map((photo, i) => ({ instance: `${name}.${i}`, photo, person }));
        await append({ additions, vectors: concatenate([...fresh.values()], embedder.size) }, signal);
        await compactIfCrowded();
      }
      return faces.map(({ photo }) => ({ id: photo }));
    },

    async *people() {
      await refresh();
      const entries = [...index.people].map(([person, additions]) => ({
        person,
        faces: photosOf(additions).length,
      }));
      yield* entries.sort((a, b) => (a.person < b.person ? -1 : 1));
    },

    async *embeddings() {
      await refresh();
      yield* index.embeddings();
    },

    async faces(person) {
      await refresh();
      return photosOf(instancesOf(person));
    },

    async removeFace(person, id, { signal } = {}) {
      await refresh();
      const found = instancesOf(person).filter(({ photo }) => photo === id);
      if (found.length > 0) await remove(found, signal);
      return found.length > 0;
    },

    async removePerson(person, { signal } = {}) {
      await refresh();
      const found = instancesOf(person);
      if (found.length > 0) await remove(found, signal);
      // An earlier call may have stopped between its removal and its merge, so finish that merge.
      else await compact(chooseWithRemovedFaces);
      return photosOf(found);
    },

    async clear() {
      await log.clear();
      await refresh();
    },

    async close() {
      await underWay;
      await index.close();
    },
  };
}

function concatenate(embeddings: readonly Float32Array[], size: number): Float32Array {
  const vectors = new Float32Array(embeddings.length * size);
  for (const [i, embedding] of embeddings.entries()) vectors.set(embedding, i * size);
  return vectors;
}

function checked(embedding: Float32Array | undefined, { name, size }: EmbedderId): Float32Array {
  if (embedding?.length === size) return embedding;
  const got = embedding ? `one of ${embedding.length}` : 'none';
  throw new AppError(
    'GalleryMismatch',
    `the gallery needs an embedding of ${size} numbers by ${name}, got ${got}`,
  );
}
