import { at, type KubeObject } from '../api/types.ts';
import type { Client } from '../client/client.ts';
import { type Informer, keyOf, startInformer } from '../client/informer.ts';
import { createReconciler, type Reconciler } from '../client/reconciler.ts';
import { type KnownResource, RESOURCES } from '../client/resources.ts';
import { hostPort, isReady } from '../kubelet/pod.ts';
import { reconcileBroker } from './broker.ts';
import { reconcileContainerSource } from './container-source.ts';
import { KNATIVE_CRDS } from './crds.ts';
import { type Ingress, startIngress } from './ingress.ts';
import { type Router, startRouter } from './router.ts';
import { reconcileService, SERVICE_LABEL, servingPort } from './service.ts';
import { reconcileSinkBinding } from './sink-binding.ts';
import { reconcileTrigger } from './trigger.ts';

export interface Knative {
  readonly ingress: Pick<Ingress, 'pending' | 'lost'>;
  stop(): Promise<void>;
}

/** Milliseconds between reconciliations, because referenced objects may have changed. */
const RESYNC_MS = 250;

/** Knative for tests: installs its kinds and reconciles each of them separately. */
export async function startKnative(
  client: Client,
  onError: (key: string, error: unknown) => void = () => {},
): Promise<Knative> {
  for (const crd of KNATIVE_CRDS) await client.apply(RESOURCES.crds, crd, 'knative');

  const informers: Informer[] = [];
  const reconcilers: Reconciler[] = [];
  function watchAndReconcile(
    resource: KnownResource,
    reconcile: (object: KubeObject) => Promise<void>,
  ): Informer {
    const work = createReconciler(async (key) => {
      const [namespace = '', name = ''] = key.split('/');
      const object = informer.get(namespace, name);
      if (object) await reconcile(object);
    }, onError);
    const informer = startInformer(client, resource, (object) => work.enqueue(keyOf(object)));
    informers.push(informer);
    reconcilers.push(work);
    return informer;
  }
  const resync = setInterval(() => {
    for (const [index, informer] of informers.entries()) {
      for (const object of informer.list()) reconcilers[index]?.enqueue(keyOf(object));
    }
  }, RESYNC_MS);

  const routers = new Map<string, Promise<Router>>();
  const pods = startInformer(client, RESOURCES.pods, () => {
    for (const router of routers.values()) void router.then((it) => it.wake());
  });
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const ingress = await startIngress({
    broker: (namespace, name) => brokers.get(namespace, name),
    triggers: () => triggers.list(),
    sleep,
  });
  const routerOf = (service: KubeObject): Promise<Router> => {
    const { namespace, name } = service.metadata;
    const key = keyOf(service);
    const found = routers.get(key);
    if (found) return found;
    const present = () => services.get(namespace!, name) ?? service;
    const ports = () =>
      pods
        .list(namespace)
        .filter((pod) => pod.metadata.labels?.[SERVICE_LABEL] === name && isReady(pod))
        .flatMap((pod) => hostPort(pod, servingPort(present())) ?? []);
    const concurrency = () => Number(at(present(), 'spec', 'template', 'spec', 'containerConcurrency') ?? 0);
    const router = startRouter(ports, concurrency);
    routers.set(key, router);
    return router;
  };

  const brokers = watchAndReconcile(RESOURCES.brokers, (it) => reconcileBroker(client, it, ingress.url));
  const triggers = watchAndReconcile(RESOURCES.triggers, (it) => reconcileTrigger(client, it));
  const services = watchAndReconcile(RESOURCES.services, async (it) =>
    reconcileService(client, it, (await routerOf(it)).url),
  );
  watchAndReconcile(RESOURCES.sinkBindings, (it) => reconcileSinkBinding(client, it));
  watchAndReconcile(RESOURCES.containerSources, (it) => reconcileContainerSource(client, it));
  await Promise.all([pods, ...informers].map(({ synced }) => synced));

  return {
    ingress,
    async stop() {
      clearInterval(resync);
      for (const informer of [pods, ...informers]) informer.stop();
      await Promise.all(reconcilers.map((reconciler) => reconciler.stop()));
      for (const router of routers.values()) await (await router).close();
      await ingress.close();
    },
  };
}
