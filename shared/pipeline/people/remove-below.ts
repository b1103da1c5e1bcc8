import type { ObjectStore } from '../../oss/object-store.ts';

/** Removes every object below the prefix, or those of them that `isMeant` names; resolves to the removed keys. */
export async function removeBelow(
  store: ObjectStore,
  prefix: string,
  {
    signal,
    isMeant = () => true,
  }: { readonly signal?: AbortSignal; readonly isMeant?: (key: string) => boolean } = {},
): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list({ prefix, signal })) if (isMeant(key)) keys.push(key);
  for (const key of keys) await store.delete(key, { signal });
  return keys;
}
