import { type KubeConfig, type KubernetesObject, makeInformer } from '@kubernetes/client-node';
import type { RuntimeDeps } from '../../../shared/runtime/deps.ts';
import { backoffDelay } from '../../../shared/runtime/retry.ts';
import { type Cluster, collectionPath } from './cluster.ts';
import type { KubeObject, Resource } from './resources.ts';

/** The objects of one kind, in all namespaces, kept up to date. */
export interface Informer {
  get(namespace: string, name: string): KubeObject | undefined;
  list(): KubeObject[];
  /** Whether the first list is complete. */
  synced(): boolean;
  start(): void;
  stop(): void;
}

export interface InformerOptions extends RuntimeDeps {
  readonly config: KubeConfig;
  readonly cluster: Cluster;
  readonly resource: Resource;
  readonly labelSelector?: string;
  readonly onChange: (object: KubeObject) => void;
}

/** The API server ends a watch after this time. Otherwise a watch whose connection is lost would never end. */
const WATCH_SECONDS = 300;
const BACKOFF = { baseMs: 500, capMs: 30_000 };

/**
 * Lists the objects and then watches them. The informer of the library stops after an error. This one restarts it, with a growing
 * delay, and the known objects remain readable.
 */
export function createInformer(options: InformerOptions): Informer {
  const { config, cluster, resource, labelSelector, onChange, clock, random, logger } = options;
  let synced = false;
  let stopped = false;
  let failures = 0;
  let cancelRestart = () => {};

  const informer = makeInformer<KubernetesObject>(
    config,
    `${collectionPath(resource)}?timeoutSeconds=${WATCH_SECONDS}&allowWatchBookmarks=true`,
    async () => {
      const list = await cluster.list(resource, labelSelector === undefined ? {} : { labelSelector });
      synced = true;
      failures = 0;
      return list as never;
    },
    labelSelector,
  );
  informer.on('change', (object) => {
    failures = 0;
    onChange(object as unknown as KubeObject);
  });
  informer.on('error', (error) => {
    // Stopping is reported as an error too.
    if (stopped) return;
    cancelRestart();
    const retryInMs = backoffDelay(failures++, BACKOFF, random);
    logger.warn(
      { resource: resource.plural, reason: String(error), retryInMs: Math.round(retryInMs) },
      'the watch ended with an error',
    );
    cancelRestart = clock.after(retryInMs, start);
  });

  function start(): void {
    stopped = false;
    void informer.start();
  }

  return {
    get: (namespace, name) => informer.get(name, namespace) as unknown as KubeObject | undefined,
    list: () => informer.list() as unknown as KubeObject[],
    synced: () => synced,
    start,
    stop() {
      stopped = true;
      cancelRestart();
      void informer.stop();
    },
  };
}
