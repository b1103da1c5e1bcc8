import { AppError } from '../../runtime/errors.ts';
import type { NearSighting, SearchOptions } from './face-index.ts';
import {
  bySightingOrder,
  type PictureWrite,
  type SightedFace,
  type Sighting,
  sightingId,
} from './sighting.ts';
import { type Codes, decode, encode } from './vectors/codes.ts';
import { createVectorTable } from './vectors/table.ts';

/** The network that made the embeddings. Embeddings of different networks cannot be compared. */
export interface EmbedderId {
  /** Changes with its weights, for example `fr_feature-87aacdfe`. */
  readonly name: string;
  /** Numbers per embedding. */
  readonly size: number;
}

/** A face with its embedding as it is stored. */
export interface StoredFace extends Omit<SightedFace, 'embedding'>, Codes {}

/** What is known about an object from some time on: the faces of a write, or none after a removal. */
export interface PictureEntry extends PictureWrite {
  /** Unique, and later ones sort after earlier ones; see `createStamps`. */
  readonly stamp: string;
  readonly faces: readonly StoredFace[];
}

/**
 * The sightings of all objects in memory. Of the entries of one object the latest counts, so entries can be applied in any
 * order and more than once.
 */
export interface PictureTable {
  /**
   * `origin` is a number that the caller gives to the place of the entry. Returns the origin of an entry whose faces are
   * outdated now: of the one that was replaced, or of this one when a later one is known.
   */
  apply(entry: PictureEntry, origin?: number): number | undefined;
  /** Whether no later entry of the object is known. */
  isCurrent(entry: PictureEntry): boolean;
  /** Removes all entries with an earlier stamp. */
  removeBefore(stamp: string): void;
  search(probes: readonly Float32Array[], options: SearchOptions): Promise<NearSighting[][]>;
  all(): Generator<Sighting & { readonly embedding: Float32Array }>;
  sightings(object: Pick<PictureWrite, 'bucket' | 'key'>): Sighting[];
  readonly count: number;
  close(): Promise<void>;
}

/** Text instead of objects: a million sightings take a third of the memory. */
type FaceRow = readonly [
  row: number,
  number: number,
  x: number,
  y: number,
  w: number,
  h: number,
  quality: number,
  age?: number,
];
type PictureRow = readonly [
  requestId: string,
  time: number,
  stamp: string,
  origin: number,
  faces: readonly FaceRow[],
];

export function createPictureTable({ size }: EmbedderId): PictureTable {
  const vectors = createVectorTable(size);
  const pictures = new Map<string, string>();
  /** The object of each row of `vectors`. */
  const owners: (string | undefined)[] = [];
  let count = 0;

  const read = (name: string): PictureRow | undefined => {
    const text = pictures.get(name);
    return text === undefined ? undefined : (JSON.parse(text) as PictureRow);
  };

  const keep = (name: string, picture: PictureRow) => pictures.set(name, JSON.stringify(picture));

  const free = (picture: PictureRow | undefined): void => {
    for (const [row] of picture?.[4] ?? []) {
      vectors.remove(row);
      owners[row] = undefined;
      count--;
    }
  };

  const sightingsOf = (name: string): (Sighting & { readonly row: number })[] => {
    const picture = read(name);
    if (!picture) return [];
    const [requestId, time, look, , faces] = picture;
    const write = {
      bucket: name.slice(0, name.indexOf('/')),
      key: name.slice(name.indexOf('/') + 1),
      requestId,
      time,
    };
    return faces.map(([row, number, x, y, width, height, quality, age]) => ({
      id: sightingId(write, number),
      ...write,
      look,
      number,
      box: { x, y, width, height },
      quality,
      age,
      row,
    }));
  };

  return {
    apply(entry, origin = 0) {
      const name = nameOf(entry);
      const known = read(name);
      if (known?.[2] === entry.stamp) {
        // A merge has moved the entry.
        keep(name, [known[0], known[1], known[2], origin, known[4]]);
        return undefined;
      }
      if (known && !isLater(entry, { time: known[1], stamp: known[2] })) {
        return entry.faces.length > 0 ? origin : undefined;
      }
      free(known);
      const faces = entry.faces.map((face): FaceRow => {
        const row = vectors.add(face);
        owners[row] = name;
        count++;
        const { number, box, quality, age } = face;
        return [row, number, box.x, box.y, box.width, box.height, quality, age];
      });
      keep(name, [entry.requestId, entry.time, entry.stamp, origin, faces]);
      return known && known[4].length > 0 ? known[3] : undefined;
    },

    isCurrent(entry) {
      const known = read(nameOf(entry));
      return !known || !isLater({ time: known[1], stamp: known[2] }, entry);
    },

    removeBefore(stamp) {
      for (const name of [...pictures.keys()]) {
        const known = read(name)!;
        if (known[2] >= stamp) continue;
        free(known);
        pictures.delete(name);
      }
    },

    async search(probes, { limit, minSimilarity = -1 }) {
      for (const probe of probes) assertSize(probe, size);
      const found = await vectors.search(probes, { limit, minSimilarity });
      return found.map((hits) =>
        hits.flatMap(({ row, similarity }) => {
          // The row may have been freed while a thread was searching.
          const name = owners[row];
          const sighting = name && sightingsOf(name).find((candidate) => candidate.row === row);
          return sighting ? [{ sighting: withoutRow(sighting), similarity }] : [];
        }),
      );
    },

    *all() {
      const order = [...pictures.keys()].flatMap(sightingsOf).sort(bySightingOrder);
      for (const sighting of order) {
        yield { ...withoutRow(sighting), embedding: decode(vectors.read(sighting.row)) };
      }
    },

    sightings: (object) => sightingsOf(nameOf(object)).map(withoutRow),

    get count() {
      return count;
    },

    close: () => vectors.close(),
  };
}

/** Bucket names have no slash, so the name is unique. */
export function nameOf({ bucket, key }: Pick<PictureWrite, 'bucket' | 'key'>): string {
  return `${bucket}/${key}`;
}

/** Whether the one replaces the other. OSS has event times in whole seconds: within one, what was written later counts. */
export function isLater(
  one: Pick<PictureEntry, 'time' | 'stamp'>,
  other: Pick<PictureEntry, 'time' | 'stamp'>,
): boolean {
  return one.time === other.time ? one.stamp > other.stamp : one.time > other.time;
}

/** The entry of a look at a picture. Throws `IndexMismatch` for an embedding of another size. */
export function entryOf(
  { bucket, key, requestId, time }: PictureWrite,
  faces: readonly SightedFace[],
  stamp: string,
  { size }: EmbedderId,
): PictureEntry {
  const stored = faces.map(({ number, box, quality, age, embedding }): StoredFace => {
    assertSize(embedding, size);
    return { number, box, quality, age, ...encode(embedding) };
  });
  return { bucket, key, requestId, time, stamp, faces: stored };
}

function assertSize(embedding: Float32Array, size: number): void {
  if (embedding.length === size) return;
  throw new AppError(
    'IndexMismatch',
    `the face index has embeddings of ${size} numbers, got one of ${embedding.length}`,
  );
}

function withoutRow({ row: _, ...sighting }: Sighting & { readonly row: number }): Sighting {
  return sighting;
}
