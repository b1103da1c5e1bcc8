import type { ObjectStore } from '../../shared/oss/object-store.ts';

/** A bucket with numbered objects that can be listed. Everything else fails. */
export function aNumberedStore(prefix: string, objects: number): ObjectStore {
  const refuse = async () => {
    throw new Error('this bucket can only be listed');
  };
  return {
    bucket: 'numbered',
    head: refuse,
    get: refuse,
    put: refuse,
    delete: refuse,
    async *list({ prefix: wanted = '', after = '' } = {}) {
      if (!prefix.startsWith(wanted) && !wanted.startsWith(prefix)) return;
      for (let i = 0; i < objects; i++) {
        const key = `${prefix}${String(i).padStart(8, '0')}.jpg`;
        if (key.startsWith(wanted) && key > after)
          yield { key, size: 1000, etag: 'ABC', lastModified: 1_700_000_000_000 };
      }
    },
  };
}
