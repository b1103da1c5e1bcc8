import type { FaceBodyOperation } from '../../engines/facebody/client.ts';
import { streamOf } from '../../engines/facebody/operations.ts';

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
  return {
    name: 'ListFaceDbs',
    send: (sdk, client, runtime) =>
      client.listFaceDbsWithOptions(new sdk.ListFaceDbsRequest({ limit: 200 }), runtime) as never,
  };
}

export function createFaceDb(name: string): FaceBodyOperation<unknown> {
  return {
    name: 'CreateFaceDb',
    answersNothing: true,
    send: (sdk, client, runtime) =>
      client.createFaceDbWithOptions(new sdk.CreateFaceDbRequest({ name }), runtime) as never,
  };
}

export function deleteFaceDb(name: string): FaceBodyOperation<unknown> {
  return {
    name: 'DeleteFaceDb',
    answersNothing: true,
    send: (sdk, client, runtime) =>
      client.deleteFaceDbWithOptions(new sdk.DeleteFaceDbRequest({ name }), runtime) as never,
  };
}

export function addFaceEntity(dbName: string, entityId: string): FaceBodyOperation<unknown> {
  return {
    name: 'AddFaceEntity',
    answersNothing: true,
    send: (sdk, client, runtime) =>
      client.addFaceEntityWithOptions(new sdk.AddFaceEntityRequest({ dbName, entityId }), runtime) as never,
  };
}

export function getFaceEntity(
  dbName: string,
  entityId: string,
): FaceBodyOperation<{ readonly faces?: readonly { readonly faceId: string }[] }> {
  return {
    name: 'GetFaceEntity',
    send: (sdk, client, runtime) =>
      client.getFaceEntityWithOptions(new sdk.GetFaceEntityRequest({ dbName, entityId }), runtime) as never,
  };
}

/** A page of up to 200 entities. `token` comes from the previous page. */
export function listFaceEntities(
  dbName: string,
  token: string | undefined,
): FaceBodyOperation<{ readonly token?: string; readonly entities?: readonly Entity[] }> {
  const page = { dbName, limit: 200, token };
  return {
    name: 'ListFaceEntities',
    send: (sdk, client, runtime) =>
      client.listFaceEntitiesWithOptions(new sdk.ListFaceEntitiesRequest(page), runtime) as never,
  };
}

export function deleteFaceEntity(dbName: string, entityId: string): FaceBodyOperation<unknown> {
  return {
    name: 'DeleteFaceEntity',
    answersNothing: true,
    send: (sdk, client, runtime) =>
      client.deleteFaceEntityWithOptions(
        new sdk.DeleteFaceEntityRequest({ dbName, entityId }),
        runtime,
      ) as never,
  };
}

/** Adds the largest face of the picture to an entity. Searches return `extraData` with it. */
export function addFace(face: {
  readonly dbName: string;
  readonly entityId: string;
  readonly extraData: string;
  readonly picture: Uint8Array;
}): FaceBodyOperation<{ readonly faceId: string }> {
  const { picture, ...rest } = face;
  return {
    name: 'AddFace',
    send: (sdk, client, runtime) =>
      client.addFaceAdvance(
        new sdk.AddFaceAdvanceRequest({ ...rest, imageUrlObject: streamOf(picture) }),
        runtime,
      ) as never,
  };
}

export function deleteFace(dbName: string, faceId: string): FaceBodyOperation<unknown> {
  return {
    name: 'DeleteFace',
    answersNothing: true,
    send: (sdk, client, runtime) =>
      client.deleteFaceWithOptions(new sdk.DeleteFaceRequest({ dbName, faceId }), runtime) as never,
  };
}

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
  return {
    name: 'SearchFace',
    send: (sdk, client, runtime) =>
      client.searchFaceAdvance(
        new sdk.SearchFaceAdvanceRequest({ ...rest, imageUrlObject: streamOf(picture) }),
        runtime,
      ) as never,
  };
}
