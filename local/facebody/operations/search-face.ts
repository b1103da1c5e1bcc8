import { searchConfidence } from '../confidence.ts';
import { type PictureRule, withEmbedding } from '../pictures.ts';
import { qualityOf } from './lists.ts';
import type { Operation } from './operation.ts';

/** doc: JPEG or PNG of up to 5 MB, below 4096 pixels. */
export const GALLERY_PICTURE: PictureRule = {
  maxBytes: 5 * 1024 * 1024,
  below: 4096,
  formats: ['jpeg', 'png'],
};
/** doc: databases per search. */
const MAX_DBS = 10;

/** doc: the nearest faces, whatever their score: the caller applies a threshold. */
export const searchFace: Operation = async ({ form, host, galleries, pictures }) => {
  const names = (form.text('DbNames') ?? form.requiredText('DbName')).split(',').slice(0, MAX_DBS);
  const limit = form.integer('Limit', { min: 1, max: 100 }) ?? 1;
  const maxFaces = form.integer('MaxFaceNum', { min: 1, max: 10 }) ?? 5;
  const threshold = form.number('QualityScoreThreshold', { min: 0, max: 100 }) ?? 0;
  for (const name of names) galleries.entities(name);
  const file = await pictures.download(form.requiredText('ImageUrl'), host);
  const faces = await pictures.faces(file, GALLERY_PICTURE, { attributes: [], embeddings: true });
  // guess: the largest faces are searched, without those below the quality threshold.
  const searched = faces
    .sort((a, b) => b.box.width * b.box.height - a.box.width * a.box.height)
    .slice(0, maxFaces)
    .filter((face) => qualityOf(face) >= threshold)
    .map(withEmbedding);
  return {
    MatchList: searched.map((face) => ({
      FaceItems: galleries.search(names, face.embedding, limit).map((found) => ({
        EntityId: found.entityId,
        FaceId: found.face.faceId,
        Score: found.score,
        Confidence: searchConfidence(found.score),
        DbName: found.dbName,
        ExtraData: found.face.extraData,
      })),
      Location: {
        X: Math.round(face.box.x),
        Y: Math.round(face.box.y),
        Width: Math.round(face.box.width),
        Height: Math.round(face.box.height),
      },
      QualitieScore: qualityOf(face),
    })),
  };
};
