import { blurFace } from './blur-face.ts';
import { compareFace } from './compare-face.ts';
import { detectFace } from './detect-face.ts';
import { createFaceDb, deleteFaceDb, listFaceDbs } from './face-dbs.ts';
import {
  addFaceEntity,
  deleteFaceEntity,
  getFaceEntity,
  listFaceEntities,
  updateFaceEntity,
} from './face-entities.ts';
import { addFace, batchAddFaces, deleteFace } from './faces.ts';
import type { Operation } from './operation.ts';
import { recognizeFace } from './recognize-face.ts';
import { searchFace } from './search-face.ts';

/** Every operation there is, by the name that requests carry. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  DetectFace: detectFace,
  RecognizeFace: recognizeFace,
  BlurFace: blurFace,
  CompareFace: compareFace,
  SearchFace: searchFace,
  CreateFaceDb: createFaceDb,
  DeleteFaceDb: deleteFaceDb,
  ListFaceDbs: listFaceDbs,
  AddFaceEntity: addFaceEntity,
  UpdateFaceEntity: updateFaceEntity,
  GetFaceEntity: getFaceEntity,
  ListFaceEntities: listFaceEntities,
  DeleteFaceEntity: deleteFaceEntity,
  AddFace: addFace,
  BatchAddFaces: batchAddFaces,
  DeleteFace: deleteFace,
};
