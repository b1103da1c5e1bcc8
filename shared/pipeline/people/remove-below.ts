import type { ObjectStore } from '../../oss/object-store.ts';

/** Removes every object below the prefix; resolves to the removed keys. */
export async function removeBelow(
  store: ObjectStore,
  prefix: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list({ prefix, signal })) keys.push(key);
  for (const key of keys) await store.delete(key, { signal });
  return keys;
}
