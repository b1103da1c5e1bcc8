import { similarity } from '../../../shared/faces/similarity.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Random } from '../../../shared/runtime/random.ts';
import { FaceBodyRefusal } from '../errors.ts';

/** A face in a database; pictures are not stored. */
export interface StoredFace {
  readonly faceId: string;
  readonly embedding: Float32Array;
  readonly extraData: string | undefined;
  /** When it was added or last found by a search. */
  usedAt: number;
}

export interface Entity {
  readonly entityId: string;
  readonly labels: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly faces: readonly StoredFace[];
}

export interface Found {
  readonly dbName: string;
  readonly entityId: string;
  readonly face: StoredFace;
  /** Cosine. */
  readonly score: number;
}

/** A change of the databases of one account; times are milliseconds since the epoch. */
export type GalleryChange =
  | { readonly type: 'db-made' | 'db-gone'; readonly db: string }
  | ({ readonly type: 'entity'; readonly db: string } & Omit<Entity, 'faces'>)
  | { readonly type: 'entity-gone'; readonly db: string; readonly entityId: string }
  | ({
      readonly type: 'face';
      readonly db: string;
      readonly entityId: string;
      readonly at: number;
    } & StoredFace)
  | { readonly type: 'face-gone'; readonly db: string; readonly faceId: string; readonly at: number };

/** The face databases of one account. Changes resolve when they are stored. */
export interface Galleries {
  createDb(name: string): Promise<void>;
  deleteDb(name: string): Promise<void>;
  dbNames(): string[];
  addEntity(dbName: string, entityId: string, labels: string): Promise<void>;
  updateEntity(dbName: string, entityId: string, labels: string): Promise<void>;
  entity(dbName: string, entityId: string): Entity;
  /** Sorted by id. */
  entities(dbName: string): Entity[];
  deleteEntity(dbName: string, entityId: string): Promise<void>;
  addFace(
    dbName: string,
    entityId: string,
    embedding: Float32Array,
    guards: { readonly extraData: string | undefined; readonly within: number; readonly between: number },
  ): Promise<StoredFace>;
  deleteFace(dbName: string, faceId: string): Promise<void>;
  /** The nearest faces, best first. doc: without a threshold, so even a stranger has a best match. */
  search(dbNames: readonly string[], embedding: Float32Array, limit: number): Found[];
  /** Deletes everything. */
  clear(): void;
  /** Applies a change from the journal. */
  replay(change: GalleryChange): void;
  /** The changes that rebuild the current state. */
  history(): Iterable<GalleryChange>;
}

export interface GalleryLimits {
  readonly facesPerDb: number;
  readonly facesPerEntity: number;
  readonly facesPerAccount: number;
}

/** doc: the vendor's limits, which cannot be raised. */
export const GALLERY_LIMITS: GalleryLimits = {
  facesPerDb: 50_000,
  facesPerEntity: 5,
  facesPerAccount: 500_000,
};

/**
 * doc: features that are not used for six months are deleted.
 * guess: a search that finds a face uses it, six months are 183 days, and the entity stays.
 */
const UNUSED_MS = 183 * 24 * 60 * 60 * 1000;

export interface GalleryDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Converts a cosine to the vendor's scale of 0 to 100, in which similarity limits are given. */
  readonly confidence: (score: number) => number;
  readonly limits: GalleryLimits;
  /** Stores the change; resolves when it is durable, if the service has a data folder. */
  readonly keep: (change: GalleryChange) => Promise<void>;
}

export function createGalleries({ clock, random, confidence, limits, keep }: GalleryDeps): Galleries {
  const dbs = new Map<string, Map<string, Entity>>();

  const dbNamed = (name: string): Map<string, Entity> => {
    const db = dbs.get(name);
    if (!db) throw new FaceBodyRefusal('DBNameNotExist', `The face database ${name} does not exist.`);
    return db;
  };
  const dbOf = (name: string): Map<string, Entity> => {
    const db = dbNamed(name);
    forgetUnused(db);
    return db;
  };
  const forgetUnused = (db: Map<string, Entity>): void => {
    const since = clock.now() - UNUSED_MS;
    for (const [entityId, entity] of db) {
      const faces = entity.faces.filter(({ usedAt }) => usedAt > since);
      if (faces.length < entity.faces.length) db.set(entityId, { ...entity, faces });
    }
  };
  const entityOf = (dbName: string, entityId: string): Entity => {
    const entity = dbOf(dbName).get(entityId);
    if (!entity) throw new FaceBodyRefusal('EntityNotExist', `The entity ${entityId} does not exist.`);
    return entity;
  };
  const countIn = (db: Map<string, Entity>): number => {
    let count = 0;
    for (const { faces } of db.values()) count += faces.length;
    return count;
  };
  const best = (faces: readonly StoredFace[], embedding: Float32Array): number =>
    Math.max(...faces.map((face) => confidence(similarity(face.embedding, embedding))));

  /** guess: the code of a refusal; doc: the meaning of the limits, and that 0 turns them off. */
  const guard = (
    dbName: string,
    { entityId, faces }: Entity,
    embedding: Float32Array,
    within: number,
    between: number,
  ): void => {
    if (within > 0 && faces.length > 0) {
      const own = best(faces, embedding);
      if (own < within)
        throw dissimilar(`with the faces of the entity is ${own.toFixed(2)}, below ${within}`);
    }
    if (between <= 0) return;
    for (const other of dbOf(dbName).values()) {
      if (other.entityId === entityId || other.faces.length === 0) continue;
      const theirs = best(other.faces, embedding);
      if (theirs >= between) {
        throw dissimilar(`with entity ${other.entityId} is ${theirs.toFixed(2)}, not below ${between}`);
      }
    }
  };

  /** Does not delete unused faces: a later change of the journal may remove them. */
  const replay = (change: GalleryChange): void => {
    if (change.type === 'db-made') {
      dbs.set(change.db, new Map());
      return;
    }
    const db = dbNamed(change.db);
    switch (change.type) {
      case 'db-gone':
        dbs.delete(change.db);
        break;
      case 'entity': {
        const { entityId, labels, createdAt, updatedAt } = change;
        db.set(entityId, { entityId, labels, createdAt, updatedAt, faces: db.get(entityId)?.faces ?? [] });
        break;
      }
      case 'entity-gone':
        db.delete(change.entityId);
        break;
      case 'face': {
        const { entityId, faceId, embedding, extraData, usedAt, at } = change;
        const entity = db.get(entityId)!;
        const faces = [...entity.faces, { faceId, embedding, extraData, usedAt }];
        db.set(entityId, { ...entity, updatedAt: at, faces });
        break;
      }
      case 'face-gone': {
        const entity = ownerOf(db, change.faceId);
        const faces = entity.faces.filter(({ faceId }) => faceId !== change.faceId);
        db.set(entity.entityId, { ...entity, updatedAt: change.at, faces });
      }
    }
  };

  const ownerOf = (db: Map<string, Entity>, faceId: string): Entity => {
    for (const entity of db.values()) {
      if (entity.faces.some((face) => face.faceId === faceId)) return entity;
    }
    throw new FaceBodyRefusal('DataNotExist', `The face ${faceId} does not exist.`);
  };

  const happen = (change: GalleryChange): Promise<void> => {
    replay(change);
    return keep(change);
  };

  return {
    clear: () => dbs.clear(),
    replay,
    *history() {
      for (const [db, entities] of dbs) {
        yield { type: 'db-made', db };
        for (const { faces, ...entity } of entities.values()) {
          yield { type: 'entity', db, ...entity };
          const { entityId, updatedAt: at } = entity;
          for (const face of faces) yield { type: 'face', db, entityId, at, ...face };
        }
      }
    },
    async createDb(db) {
      if (dbs.has(db)) throw new FaceBodyRefusal('DBNameAlreadyExist');
      await happen({ type: 'db-made', db });
    },
    async deleteDb(db) {
      dbOf(db);
      await happen({ type: 'db-gone', db });
    },
    dbNames: () => [...dbs.keys()].sort(),
    async addEntity(dbName, entityId, labels) {
      const db = dbOf(dbName);
      if (db.has(entityId)) throw new FaceBodyRefusal('EntityIdAlreadyExist');
      // guess: the vendor has a limit of entities without a figure; each useful entity has at least one face.
      if (db.size >= limits.facesPerDb) throw new FaceBodyRefusal('ExceedEntityLimit');
      const now = clock.now();
      await happen({ type: 'entity', db: dbName, entityId, labels, createdAt: now, updatedAt: now });
    },
    async updateEntity(db, entityId, labels) {
      const { createdAt } = entityOf(db, entityId);
      await happen({ type: 'entity', db, entityId, labels, createdAt, updatedAt: clock.now() });
    },
    entity: entityOf,
    entities: (dbName) =>
      [...dbOf(dbName).values()].sort((a, b) =>
        a.entityId < b.entityId ? -1 : a.entityId > b.entityId ? 1 : 0,
      ),
    async deleteEntity(db, entityId) {
      entityOf(db, entityId);
      await happen({ type: 'entity-gone', db, entityId });
    },
    async addFace(dbName, entityId, embedding, { extraData, within, between }) {
      const entity = entityOf(dbName, entityId);
      if (entity.faces.length >= limits.facesPerEntity) throw new FaceBodyRefusal('FaceCountExceed');
      if (countIn(dbOf(dbName)) >= limits.facesPerDb) throw new FaceBodyRefusal('FaceImageCountExceed');
      const all = [...dbs.values()].reduce((sum, db) => sum + countIn(db), 0);
      if (all >= limits.facesPerAccount) throw new FaceBodyRefusal('FaceImageCountExceed');
      guard(dbName, entity, embedding, within, between);
      const face = { faceId: newFaceId(clock, random), embedding, extraData, usedAt: clock.now() };
      await happen({ type: 'face', db: dbName, entityId, at: clock.now(), ...face });
      return face;
    },
    async deleteFace(db, faceId) {
      ownerOf(dbOf(db), faceId);
      await happen({ type: 'face-gone', db, faceId, at: clock.now() });
    },
    search(dbNames, embedding, limit) {
      const found: Found[] = [];
      for (const dbName of dbNames) {
        for (const { entityId, faces } of dbOf(dbName).values()) {
          for (const face of faces) {
            found.push({ dbName, entityId, face, score: similarity(face.embedding, embedding) });
          }
        }
      }
      const nearest = found.sort((a, b) => b.score - a.score).slice(0, limit);
      for (const { face } of nearest) face.usedAt = clock.now();
      return nearest;
    },
  };
}

/** guess: digits, as in the examples of the reference. */
function newFaceId(clock: Clock, random: Random): string {
  return `${clock.now()}${String(Math.floor(random() * 1e9)).padStart(9, '0')}`;
}

function dissimilar(what: string): FaceBodyRefusal {
  return new FaceBodyRefusal('ClientError.IllegalArgument', `The similarity ${what}.`);
}
