import { FaceBodyRefusal } from '../errors.ts';
import { dbName, entityId, labels } from './names.ts';
import type { Operation } from './operation.ts';

/** doc: an entity must exist before its faces are added. */
export const addFaceEntity: Operation = async ({ form, galleries }) => {
  await galleries.addEntity(dbName(form), entityId(form), labels(form) ?? '');
};

export const updateFaceEntity: Operation = async ({ form, galleries }) => {
  await galleries.updateEntity(dbName(form), entityId(form), labels(form) ?? '');
};

export const deleteFaceEntity: Operation = async ({ form, galleries }) => {
  await galleries.deleteEntity(dbName(form), entityId(form));
};

export const getFaceEntity: Operation = async ({ form, galleries }) => {
  const { faces, ...entity } = galleries.entity(dbName(form), entityId(form));
  return {
    DbName: dbName(form),
    EntityId: entity.entityId,
    Labels: entity.labels,
    Faces: faces.map(({ faceId }) => ({ FaceId: faceId })),
  };
};

/** doc: beyond an offset of 2000, the token of the previous page continues. guess: it is the last id, encoded. */
export const listFaceEntities: Operation = async ({ form, galleries }) => {
  const name = dbName(form);
  const limit = form.integer('Limit', { min: 1, max: 200 }) ?? 50;
  const offset = form.integer('Offset', { min: 0, max: 2000 }) ?? 0;
  const token = form.text('Token');
  const prefix = form.text('EntityIdPrefix') ?? '';
  const wanted = labels(form)?.split(',') ?? [];
  const descending = form.text('Order', { pattern: /^(asc|desc)$/ }) === 'desc';

  const all = galleries
    .entities(name)
    .filter((entity) => entity.entityId.startsWith(prefix))
    .filter((entity) => wanted.every((label) => entity.labels.split(',').includes(label)));
  if (descending) all.reverse();
  const ids = all.map((entity) => entity.entityId);
  const start = token === undefined ? offset : after(token, ids, descending);
  const page = all.slice(start, start + limit);
  const last = page.at(-1);
  return {
    Token: last && start + limit < all.length ? Buffer.from(last.entityId).toString('base64url') : '',
    TotalCount: all.length,
    Entities: page.map((entity) => ({
      DbName: name,
      EntityId: entity.entityId,
      Labels: entity.labels,
      CreatedAt: entity.createdAt,
      UpdatedAt: entity.updatedAt,
      FaceCount: entity.faces.length,
    })),
  };
};

/** The index of the page after the token, even if the entity of the token was deleted. */
function after(token: string, ids: readonly string[], descending: boolean): number {
  const last = Buffer.from(token, 'base64url').toString('utf8');
  if (last === '') throw new FaceBodyRefusal('ParameterError', 'The parameter Token is invalid.');
  const index = ids.findIndex((id) => (descending ? id < last : id > last));
  return index < 0 ? ids.length : index;
}
