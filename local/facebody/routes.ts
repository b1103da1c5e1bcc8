import { blurFace } from './operations/blur-face.ts';
import { compareFace } from './operations/compare-face.ts';
import { detectFace } from './operations/detect-face.ts';
import { createFaceDb, deleteFaceDb, listFaceDbs } from './operations/face-dbs.ts';
import {
  addFaceEntity,
  deleteFaceEntity,
  getFaceEntity,
  listFaceEntities,
  updateFaceEntity,
} from './operations/face-entities.ts';
import { addFace, batchAddFaces, deleteFace } from './operations/faces.ts';
import type { Operation } from './operations/operation.ts';
import { recognizeFace } from './operations/recognize-face.ts';
import { searchFace } from './operations/search-face.ts';

/** All operations, by the name in `x-acs-action`. */
export const ROUTES: Readonly<Record<string, Operation>> = {
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
