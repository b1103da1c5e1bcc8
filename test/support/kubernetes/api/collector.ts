import type { Context } from './context.ts';
import { markDeleted } from './delete.ts';
import { CRD_FINALIZER, CRDS } from './registry.ts';
import { at, type KubeObject, same } from './types.ts';

/**
 * The cleanup of the API's own controllers: objects without remaining owners, contents of a namespace or a CRD,
 * and the finalizers of foreground and orphaning deletion. Runs after every change until nothing is left to do.
 */
export function startCollector(context: Context): () => void {
  const { store } = context;
  let scheduled = false;
  const run = () => {
    scheduled = false;
    collect(context);
  };
  return store.onChange(({ type, object, previous }) => {
    const ownersDiffer = !same(previous?.metadata.ownerReferences, object.metadata.ownerReferences);
    const finalizersDiffer = !same(previous?.metadata.finalizers, object.metadata.finalizers);
    const matters =
      type === 'DELETED' || object.metadata.deletionTimestamp || ownersDiffer || finalizersDiffer;
    if (!matters || scheduled) return;
    scheduled = true;
    setImmediate(run);
  });
}

function collect(context: Context): void {
  const { store, registry } = context;
  const everything = [...store.all()];
  const living = new Map(everything.map(([, object]) => [object.metadata.uid, object]));
  const resources = new Map(registry.all().map((resource) => [resource.storage, resource]));
  const goingKinds = new Set(
    store
      .list(CRDS)
      .filter(({ metadata }) => metadata.deletionTimestamp)
      .map((crd) => `${at(crd, 'spec', 'group')}/${at(crd, 'spec', 'names', 'plural')}`),
  );

  for (const [storage, object] of everything) {
    const resource = resources.get(storage);
    if (!resource || store.get(storage, object.metadata.namespace, object.metadata.name) !== object) continue;
    const { metadata } = object;
    const owners = metadata.ownerReferences ?? [];
    const found = owners.map(({ uid }) => living.get(uid)).filter((owner) => owner && visible(owner, object));
    const isOrphaned = owners.length > 0 && found.length === 0;
    const isDrawn = found.some(
      (owner) =>
        owner!.metadata.deletionTimestamp && owner!.metadata.finalizers?.includes('foregroundDeletion'),
    );
    const namespace = store.get('/namespaces', undefined, metadata.namespace ?? '');
    const goesAlong = goingKinds.has(storage) || namespace?.metadata.deletionTimestamp;
    if (!metadata.deletionTimestamp) {
      if (isOrphaned || goesAlong) markDeleted(context, resource, object, {});
      else if (isDrawn && found.length === 1)
        markDeleted(context, resource, object, { propagationPolicy: 'Foreground' });
      continue;
    }
    const dependents = everything.filter(([, other]) =>
      other.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid),
    );
    if (metadata.finalizers?.includes('orphan')) {
      for (const [where, other] of dependents) disown(context, where, other, metadata.uid);
      release(context, storage, object, 'orphan');
    } else if (
      metadata.finalizers?.includes('foregroundDeletion') &&
      !dependents.some(blocks(metadata.uid))
    ) {
      release(context, storage, object, 'foregroundDeletion');
    } else if (
      storage === CRDS &&
      store.list(`${at(object, 'spec', 'group')}/${at(object, 'spec', 'names', 'plural')}`).length === 0
    ) {
      release(context, storage, object, CRD_FINALIZER);
    } else if (
      storage === '/namespaces' &&
      !everything.some(([, other]) => other.metadata.namespace === metadata.name)
    ) {
      store.remove(storage, object);
    }
  }
}

/** An owner in another namespace does not count. */
const visible = (owner: KubeObject, object: KubeObject) =>
  !owner.metadata.namespace || owner.metadata.namespace === object.metadata.namespace;

const blocks =
  (owner: string) =>
  ([, object]: readonly [string, KubeObject]) =>
    object.metadata.ownerReferences?.some(
      ({ uid, blockOwnerDeletion }) => uid === owner && blockOwnerDeletion,
    );

function release({ store }: Context, storage: string, object: KubeObject, finalizer: string): void {
  const finalizers = (object.metadata.finalizers ?? []).filter((one) => one !== finalizer);
  if (finalizers.length === 0) {
    store.remove(storage, object);
    return;
  }
  store.put(storage, { ...object, metadata: { ...object.metadata, finalizers } });
}

function disown({ store }: Context, storage: string, object: KubeObject, owner: string): void {
  const left = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner);
  const { ownerReferences: _, ...metadata } = object.metadata;
  store.put(storage, {
    ...object,
    metadata: { ...metadata, ...(left.length > 0 && { ownerReferences: left }) },
  });
}
