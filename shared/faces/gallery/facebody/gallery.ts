import { DEFAULT_CROP_OPTIONS } from '../../../images/crop.ts';
import type { JpegLimits } from '../../../images/encode-within.ts';
import { overlap } from '../../../images/geometry.ts';
import { type AppError, isAppError } from '../../../runtime/errors.ts';
import type { FaceBodyClient, FaceBodyOperation } from '../../engines/facebody/client.ts';
import { failureOf } from '../../engines/facebody/failures.ts';
import { fromLocation } from '../../engines/facebody/rectangles.ts';
import type { Box, Face } from '../../face.ts';
import type { DecodedPicture } from '../../picture.ts';
import type { CallOptions, Candidate, Gallery, NewFace, Thresholds } from '../gallery.ts';
import { entityIdOf, entityIdsOf, personOfEntity } from './entity-id.ts';
import {
  addFace,
  addFaceEntity,
  createFaceDb,
  deleteFace,
  deleteFaceDb,
  deleteFaceEntity,
  type Entity,
  getFaceEntity,
  listFaceDbs,
  listFaceEntities,
  type SearchedFace,
  searchFace,
} from './operations.ts';

/** Scores for one false accept in 1,000, in 10,000 and in 100,000. Source: FaceBody's SearchFace. */
const SCORES: Thresholds = { plausible: 0.35, match: 0.45, high: 0.6 };

/** SearchFace and AddFace accept files of up to 5 MB, both sides below 4096 pixels. */
const LIMITS: JpegLimits = { maxBytes: 5 * 1024 * 1024, maxSide: 4095 };

const MAX_SEARCHED = 10;
const MAX_FACES_PER_ENTITY = 5;
const MAX_ITEMS = 100;

/** Intersection over union above which a box of the service and a box of the engine are the same face. */
const SAME_FACE = 0.3;

/** Faces are sent with some of their surroundings, so that the service detects them. */
const CROP = { ...DEFAULT_CROP_OPTIONS, padding: 0.6, minSide: 160, maxSide: 1024, quality: 95 };

export interface FaceBodyGalleryOptions {
  readonly client: FaceBodyClient;
  /** Name of the face database. It is created when it does not exist. */
  readonly database: string;
}

/**
 * People as entities in a face database of FaceBody: at most 5 faces per person and 50,000 in total. Everything except
 * searching is free. The service deletes faces that were not used for six months; enrol them again from their photos.
 *
 * This does not use BatchAddFaces: it identifies added faces by upload URLs that the SDK does not reveal, so the id of a
 * photo's face would be unknown. It does not use AddFace's similarity checks either: the caller has searched before,
 * knows the scores and may add the face deliberately.
 */
export function createFaceBodyGallery({ client, database }: FaceBodyGalleryOptions): Gallery {
  let ready: Promise<void> | undefined;

  /** Creates the database when needed, and again when another program deleted it, for example to enrol all anew. */
  const call = async <T>(operation: FaceBodyOperation<T>, options: CallOptions = {}): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      ready ??= ensureDatabase(client, database, options);
      try {
        await ready;
      } catch (error) {
        ready = undefined;
        throw error;
      }
      try {
        return await client.call(operation, options);
      } catch (error) {
        if (attempt > 1 || !isMissingDatabase(error)) throw error;
        ready = undefined;
      }
    }
  };

  const faceIds = async (entityId: string, options?: CallOptions): Promise<string[]> => {
    const entity = await call(getFaceEntity(database, entityId), options).catch(ifMissing);
    return (entity?.faces ?? []).map(({ faceId }) => faceId).sort();
  };

  const facesOf = async (person: string, options?: CallOptions): Promise<string[]> => {
    const ids = [];
    for (const entityId of entityIdsOf(person)) ids.push(...(await faceIds(entityId, options)));
    return ids.sort();
  };

  const searchPicture = async (
    picture: Uint8Array,
    { limit, maxFaceNum, ...options }: CallOptions & { limit: number; maxFaceNum: number },
  ): Promise<readonly SearchedFace[]> => {
    try {
      const found = await call(searchFace({ dbName: database, picture, limit, maxFaceNum }), options);
      return found.matchList ?? [];
    } catch (error) {
      if (failureOf(error) === 'no-face') return [];
      throw error;
    }
  };

  /** Search results per face. One call serves all faces that the service detects in the picture itself. */
  const searchAll = async (
    picture: DecodedPicture,
    faces: readonly Pick<Face, 'box'>[],
    options: CallOptions & { limit: number },
  ): Promise<SearchedFace['faceItems'][]> => {
    const sent = await picture.encode(LIMITS);
    const located = (await searchPicture(sent.bytes, { ...options, maxFaceNum: MAX_SEARCHED })).map(
      (found) => ({
        found,
        box: scaled(fromLocation(found.location, sent), picture.width / sent.width),
      }),
    );
    const free = new Set(located);
    const items: SearchedFace['faceItems'][] = [];
    for (const { box } of faces) {
      const [best] = [...free].sort((a, b) => overlap(b.box, box) - overlap(a.box, box));
      if (best && overlap(best.box, box) > SAME_FACE) {
        free.delete(best);
        items.push(best.found.faceItems);
      } else {
        const [alone] = await searchPicture(await picture.crop(box, CROP), { ...options, maxFaceNum: 1 });
        items.push(alone?.faceItems ?? []);
      }
    }
    return items;
  };

  /** The id of the photo's face, if it was added before. An entity without faces needs no search. */
  const findAdded = async (
    entityId: string,
    photo: string,
    picture: Uint8Array,
    options: CallOptions,
  ): Promise<string | undefined> => {
    if ((await faceIds(entityId, options)).length === 0) return undefined;
    const limit = MAX_FACES_PER_ENTITY;
    const [found] = await searchPicture(picture, { ...options, limit, maxFaceNum: 1 });
    return found?.faceItems.find((item) => item.entityId === entityId && item.extraData === photo)?.faceId;
  };

  const addOne = async (entityId: string, { photo, picture, face }: NewFace, options: CallOptions) => {
    const crop = await picture.crop(face.box, CROP);
    const id = await findAdded(entityId, photo, crop, options);
    if (id !== undefined) return { id };
    try {
      const added = await call(
        addFace({ dbName: database, entityId, extraData: photo, picture: crop }),
        options,
      );
      return { id: added.faceId };
    } catch (error) {
      if (isAppError(error) && error.kind === 'permanent') return { error };
      throw error;
    }
  };

  return {
    name: 'facebody',
    thresholds: SCORES,
    usesEmbeddings: false,

    async search(picture, faces, { people, ...options }) {
      if (faces.length === 0) return [];
      const limit = Math.min(MAX_ITEMS, people * MAX_FACES_PER_ENTITY);
      const found = await searchAll(picture, faces, { ...options, limit });
      return found.map((items) => nearestPeople(items, people));
    },

    async add(person, faces, options = {}) {
      const entityId = entityIdOf(person);
      await call(addFaceEntity(database, entityId), options).catch(ifExists);
      const added = [];
      for (const face of faces) added.push(await addOne(entityId, face, options));
      return added;
    },

    async *people(options) {
      const entities: Entity[] = [];
      let token: string | undefined;
      do {
        const page = await call(listFaceEntities(database, token), options);
        entities.push(...(page.entities ?? []));
        token = page.token;
      } while (token);
      const counts = new Map<string, number>();
      for (const { entityId, faceCount } of entities) {
        const person = personOfEntity(entityId);
        if (person === undefined || faceCount === 0) continue;
        counts.set(person, (counts.get(person) ?? 0) + faceCount);
      }
      const entries = [...counts].map(([person, faces]) => ({ person, faces }));
      yield* entries.sort((a, b) => (a.person < b.person ? -1 : 1));
    },

    faces: facesOf,

    async removeFace(person, id, options) {
      if (!(await facesOf(person, options)).includes(id)) return false;
      await call(deleteFace(database, id), options).catch(ifMissing);
      return true;
    },

    async removePerson(person, options) {
      const ids = await facesOf(person, options);
      for (const entityId of entityIdsOf(person))
        await call(deleteFaceEntity(database, entityId), options).catch(ifMissing);
      return ids;
    },

    async clear(options) {
      ready = undefined;
      await client.call(deleteFaceDb(database), options).catch(ifMissing);
    },

    async close() {},
  };
}

async function ensureDatabase(client: FaceBodyClient, database: string, options: CallOptions): Promise<void> {
  const { dbList } = await client.call(listFaceDbs(), options);
  if (dbList.some(({ name }) => name === database)) return;
  // Another instance may create it at the same time.
  await client.call(createFaceDb(database), options).catch(ifExists);
}

/** The nearest face of each person, best first. */
function nearestPeople(items: SearchedFace['faceItems'], limit: number): Candidate[] {
  const people = new Map<string, Candidate>();
  for (const { entityId, faceId, score, extraData } of [...items].sort((a, b) => b.score - a.score)) {
    const person = personOfEntity(entityId);
    if (person === undefined || people.has(person)) continue;
    people.set(person, { person, id: faceId, photo: extraData ?? '', similarity: Math.min(1, score) });
  }
  return [...people.values()].slice(0, limit);
}

const MISSING = ['EntityNotExist', 'DataNotExist', 'DBNameNotExist', 'ClientError.IllegalArgument'];

/** A missing database, entity or face is no error. */
function ifMissing(error: unknown): undefined {
  if (!isGalleryError(error) || !MISSING.includes(String(error.details.serviceCode))) throw error;
}

function ifExists(error: unknown): void {
  if (!isGalleryError(error) || !/AlreadyExist/.test(String(error.details.serviceCode))) throw error;
}

/** sdk: the second code means this only with a certain message, which `failures.ts` checks. */
function isMissingDatabase(error: unknown): boolean {
  return (
    isGalleryError(error) &&
    ['DBNameNotExist', 'ClientError.IllegalArgument'].includes(String(error.details.serviceCode))
  );
}

function isGalleryError(error: unknown): error is AppError {
  return failureOf(error) === 'gallery';
}

function scaled({ x, y, width, height }: Box, factor: number): Box {
  return { x: x * factor, y: y * factor, width: width * factor, height: height * factor };
}
