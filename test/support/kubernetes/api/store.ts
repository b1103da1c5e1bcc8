import type { KubeObject } from './types.ts';

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly storage: string;
  readonly revision: number;
  readonly object: KubeObject;
  readonly previous?: KubeObject;
}

/** Objects and their history. Returned objects are never changed in place. */
export interface Store {
  revision(): number;
  /** The oldest revision from which a watch can still start. */
  oldest(): number;
  get(storage: string, namespace: string | undefined, name: string): KubeObject | undefined;
  /** Sorted by namespace and name. */
  list(storage: string, namespace?: string): KubeObject[];
  all(): IterableIterator<readonly [storage: string, object: KubeObject]>;
  put(storage: string, object: KubeObject): KubeObject;
  remove(storage: string, object: KubeObject): KubeObject;
  since(revision: number): readonly Change[];
  onChange(listener: (change: Change) => void): () => void;
  /** Deletes the history, as the real API does after some minutes. */
  compact(): void;
}

/** Number of changes in the history. A watch from an older version must list again. */
const HISTORY = 10_000;

export function createStore(): Store {
  const objects = new Map<string, Map<string, KubeObject>>();
  const history: Change[] = [];
  const listeners = new Set<(change: Change) => void>();
  let revision = 1;
  let oldest = 1;

  const keyOf = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`;
  const shelf = (storage: string) => {
    const found = objects.get(storage) ?? new Map<string, KubeObject>();
    objects.set(storage, found);
    return found;
  };
  const record = (change: Change) => {
    history.push(change);
    if (history.length > HISTORY) oldest = history.shift()!.revision;
    for (const listener of listeners) listener(change);
  };
  const stamped = (object: KubeObject): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion: String(revision) },
  });

  return {
    revision: () => revision,
    oldest: () => oldest,
    get: (storage, namespace, name) => objects.get(storage)?.get(keyOf(namespace, name)),
    list(storage, namespace) {
      const found = [...(objects.get(storage)?.entries() ?? [])];
      return found
        .filter(([key]) => namespace === undefined || key.startsWith(`${namespace}/`))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, object]) => object);
    },
    *all() {
      for (const [storage, byKey] of objects)
        for (const object of byKey.values()) yield [storage, object] as const;
    },
    put(storage, object) {
      const key = keyOf(object.metadata.namespace, object.metadata.name);
      const previous = shelf(storage).get(key);
      revision++;
      const stored = stamped(object);
      shelf(storage).set(key, stored);
      record({
        type: previous ? 'MODIFIED' : 'ADDED',
        storage,
        revision,
        object: stored,
        ...(previous && { previous }),
      });
      return stored;
    },
    remove(storage, object) {
      shelf(storage).delete(keyOf(object.metadata.namespace, object.metadata.name));
      revision++;
      const last = stamped(object);
      record({ type: 'DELETED', storage, revision, object: last, previous: object });
      return last;
    },
    since: (from) => history.filter((change) => change.revision > from),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    compact() {
      history.length = 0;
      oldest = revision;
    },
  };
}
