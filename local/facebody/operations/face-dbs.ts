import { newDbName } from './names.ts';
import type { Operation } from './operation.ts';

export const createFaceDb: Operation = async ({ form, galleries }) => {
  await galleries.createDb(newDbName(form));
};

export const deleteFaceDb: Operation = async ({ form, galleries }) => {
  await galleries.deleteDb(newDbName(form));
};

export const listFaceDbs: Operation = async ({ form, galleries }) => {
  const offset = form.integer('Offset', { min: 0, max: 1_000_000 }) ?? 0;
  const limit = form.integer('Limit', { min: 1, max: 200 }) ?? 200;
  return {
    DbList: galleries
      .dbNames()
      .slice(offset, offset + limit)
      .map((Name) => ({ Name })),
  };
};
