import type { FaceBodyOperation } from '../../engines/facebody/client.ts';
import {
  type GalleryOperation,
  operation,
  streamOf,
  uploadingOperation,
} from '../../engines/facebody/operations.ts';

/** Result of SearchFace for one face of the picture. */
export interface SearchedFace {
  readonly location: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  readonly faceItems: readonly {
    readonly entityId: string;
    readonly faceId: string;
    /** -1 to 1. */
    readonly score: number;
    readonly extraData?: string;
  }[];
}

export interface Entity {
  readonly entityId: string;
  readonly faceCount: number;
}

export function listFaceDbs(): FaceBodyOperation<{ readonly dbList: readonly { readonly name: string }[] }> {
  return operation('ListFaceDbs', { limit: 200 });
}

export const createFaceDb = (name: string) => change('CreateFaceDb', { name });

export const deleteFaceDb = (name: string) => change('DeleteFaceDb', { name });

export const addFaceEntity = (dbName: string, entityId: string) =>
  change('AddFaceEntity', { dbName, entityId });

export function getFaceEntity(
  dbName: string,
  entityId: string,
): FaceBodyOperation<{ readonly faces?: readonly { readonly faceId: string }[] }> {
  return operation('GetFaceEntity', { dbName, entityId });
}

/** A page of up to 200 entities. `token` comes from the previous page. */
export function listFaceEntities(
  dbName: string,
  token: string | undefined,
): FaceBodyOperation<{ readonly token?: string; readonly entities?: readonly Entity[] }> {
  return operation('ListFaceEntities', { dbName, limit: 200, token });
}

export const deleteFaceEntity = (dbName: string, entityId: string) =>
  change('DeleteFaceEntity', { dbName, entityId });

/** Adds the largest face of the picture to an entity. Searches return `extraData` with it. */
export function addFace(face: {
  readonly dbName: string;
  readonly entityId: string;
  readonly extraData: string;
  readonly picture: Uint8Array;
}): FaceBodyOperation<{ readonly faceId: string }> {
  const { picture, ...rest } = face;
  return uploadingOperation('AddFace', () => ({ ...rest, imageUrlObject: streamOf(picture) }));
}

export const deleteFace = (dbName: string, faceId: string) => change('DeleteFace', { dbName, faceId });

/** Finds the nearest faces, with any score, for each of the largest faces of the picture. */
export function searchFace(search: {
  readonly dbName: string;
  readonly picture: Uint8Array;
  /** Maximum number of results per face of the picture, 1 to 100. */
  readonly limit: number;
  /** Maximum number of faces of the picture, 1 to 10. */
  readonly maxFaceNum: number;
}): FaceBodyOperation<{ readonly matchList?: readonly SearchedFace[] }> {
  const { picture, ...rest } = search;
  return uploadingOperation('SearchFace', () => ({ ...rest, imageUrlObject: streamOf(picture) }));
}

/** An operation whose answer holds no data. */
function change(name: GalleryOperation, fields: object): FaceBodyOperation<unknown> {
  return { ...operation(name, fields), answersNothing: true };
}
