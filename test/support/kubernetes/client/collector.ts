import type { KubeObject } from '../api/types.ts';
import type { Client } from './client.ts';
import { startInformer } from './informer.ts';
import { createReconciler } from './reconciler.ts';
import { type KnownResource, RESOURCES } from './resources.ts';

/** Kinds of objects that have owners in our tests. */
const DEPENDENTS: readonly KnownResource[] = [RESOURCES.pods, RESOURCES.deployments, RESOURCES.sinkBindings];
const LOOK_AGAIN_MS = 250;

/**
 * The part of a cluster's controllers that our tests need for a bare API: deletes objects without owners in
 * the background.
 */
export function startCollector(client: Client, onError: (key: string, error: unknown) => void) {
  const informers = DEPENDENTS.map((resource) => ({
    resource,
    informer: startInformer(client, resource, () => {}),
  }));
  const work = createReconciler(async () => {
    for (const { resource, informer } of informers) {
      for (const object of informer.list()) await collect(client, resource, object);
    }
  }, onError);
  const timer = setInterval(() => work.enqueue('all'), LOOK_AGAIN_MS);
  return {
    async stop() {
      clearInterval(timer);
      for (const { informer } of informers) informer.stop();
      await work.stop();
    },
  };
}

async function collect(client: Client, resource: KnownResource, { metadata }: KubeObject): Promise<void> {
  const { ownerReferences = [], deletionTimestamp, namespace = '', name } = metadata;
  if (deletionTimestamp || ownerReferences.length === 0) return;
  for (const { apiVersion, kind, name: owner, uid } of ownerReferences) {
    const found = await client.get({ apiVersion, kind, plural: `${kind.toLowerCase()}s` }, namespace, owner);
    if (found?.metadata.uid === uid) return;
  }
  await client.remove(resource, namespace, name);
}
