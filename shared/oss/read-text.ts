import { isAppError } from '../runtime/errors.ts';
import type { ObjectHead, ObjectStore } from './object-store.ts';

/** A whole object as text; `undefined` when there is no such object. */
export async function readText(
  store: ObjectStore,
  key: string,
  signal?: AbortSignal,
): Promise<{ head: ObjectHead; text: string } | undefined> {
  try {
    const { head, body } = await store.get(key, { signal });
    return { head, text: Buffer.concat(await body.toArray()).toString() };
  } catch (error) {
    if (isAppError(error, 'NoSuchKey')) return undefined;
    throw error;
  }
}
