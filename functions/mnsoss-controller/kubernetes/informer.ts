import { type KubeConfig, type KubernetesObject, makeInformer } from '@kubernetes/client-node';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/runtime/log.ts';
import type { Random } from '../../../shared/runtime/random.ts';
import { backoffDelay } from '../../../shared/runtime/retry.ts';
import { type Cluster, collectionPath } from './cluster.ts';
import type { KubeObject, Resource } from './resources.ts';

/** The objects of one kind, in all namespaces, kept up to date. */
export interface Informer {
  get(namespace: string, name: string): KubeObject | undefined;
  list(): KubeObject[];
  /** Whether every object has been seen at least once. */
  synced(): boolean;
  start(): void;
  stop(): void;
}

export interface InformerOptions {
  readonly config: KubeConfig;
  readonly cluster: Cluster;
  readonly resource: Resource;
  readonly labelSelector?: string;
  readonly onChange: (object: KubeObject) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The API server ends a watch after this, so that one whose connection died without a word is not waited on forever. */
const WATCH_SECONDS = 300;
const BACKOFF = { baseMs: 500, capMs: 30_000 };

/**
 * A list, then a watch from there. After an error the informer of the library stands still; this one starts it
 * again, later each time, and the objects that it knows stay readable meanwhile.
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
    // Stopping is told as an error too.
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
