import type { KubeConfig } from '@kubernetes/client-node';
import { toAppError } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { createInformer, type Informer } from './kubernetes/informer.ts';
import { createLeaderElection } from './kubernetes/leader.ts';
import { type KubeObject, RESOURCES } from './kubernetes/resources.ts';
import { createWorkqueue, type Verdict } from './kubernetes/workqueue.ts';
import type { ControllerMetrics } from './metrics.ts';
import type { Parts } from './parts.ts';
import { reconcile } from './reconcile.ts';
import { keyText, parseKey, type SourceKey } from './source/names.ts';
import { keyOf, OWNED_SELECTOR, ownerKey, type Source } from './source/source.ts';

export interface Controller {
  /** As last seen; also while another replica leads. */
  find(key: SourceKey): Source | undefined;
  /** Whether all sources have been seen once. */
  ready(): boolean;
  start(): void;
  /** Finishes what is under way, and gives the lease away. */
  stop(): Promise<void>;
}

export interface ControllerSetting {
  readonly config: KubeConfig;
  readonly namespace: string;
  readonly identity: string;
  readonly metrics: ControllerMetrics;
  readonly random: Random;
  readonly logger: Logger;
}

const LEASE = 'mnsoss-controller';
const WORKERS = 4;
const FIRST_RETRY_MS = 500;

/** Watches sources and what they own; the replica that leads reconciles every source that may need it. */
export function createController(setting: ControllerSetting, parts: Parts): Controller {
  const { config, namespace, identity, metrics, random, logger } = setting;
  const { cluster, clock, options } = parts;
  const backoff = { baseMs: FIRST_RETRY_MS, capMs: options.resyncSeconds * 1000 };
  const queue = createWorkqueue({ clock, random, workers: WORKERS, backoff });

  const common = { config, cluster, clock, random, logger };
  const seen = new Map<string, string>();
  const sources = createInformer({
    ...common,
    resource: RESOURCES.source,
    onChange(source) {
      const key = keyText(keyOf(source));
      // A status that we wrote ourselves is no reason to look again.
      const trigger = JSON.stringify([source.metadata.uid, source.metadata.generation, isGoing(source)]);
      if (seen.get(key) === trigger && sources.get(keyOf(source).namespace, source.metadata.name)) return;
      seen.set(key, trigger);
      queue.add(key);
    },
  });
  const owned = [RESOURCES.binding, RESOURCES.deployment].map((resource) =>
    createInformer({
      ...common,
      resource,
      labelSelector: OWNED_SELECTOR,
      onChange(object) {
        const owner = ownerKey(object);
        if (owner) queue.add(keyText(owner));
      },
    }),
  );
  const informers: Informer[] = [sources, ...owned];

  /** Whatever happens is told by the verdict: nothing is thrown. */
  async function once(key: string): Promise<Verdict> {
    const startedAt = clock.now();
    const { namespace, name } = parseKey(key);
    try {
      // The informer's copy may be older than what was written last; what was made must never be forgotten.
      const source = await cluster.get(RESOURCES.source, namespace, name);
      if (!source) return forget(key);
      const verdict = await reconcile(source as Source, parts);
      metrics.reconciled(verdict === 'failed' ? 'waiting' : 'settled', clock.now() - startedAt);
      return verdict;
    } catch (thrown) {
      const { code, message } = toAppError(thrown);
      const level = code === 'ResourceConflict' ? 'info' : 'warn';
      logger[level]({ namespace, name, code, reason: message }, 'source is reconciled again');
      metrics.reconciled('error', clock.now() - startedAt);
      return 'failed';
    }
  }

  function forget(key: string): 'forget' {
    seen.delete(key);
    parts.ensured.forget(key);
    return 'forget';
  }

  const election = createLeaderElection({
    cluster,
    namespace,
    name: LEASE,
    identity,
    clock,
    random,
    logger,
    lead() {
      for (const source of sources.list()) queue.add(keyText(keyOf(source)));
      return queue.run(once);
    },
  });
  metrics.watch({ leading: election.leading, depth: queue.depth, sources: sources.list });

  return {
    find: ({ namespace, name }) => sources.get(namespace, name) as Source | undefined,
    ready: sources.synced,
    start() {
      for (const informer of informers) informer.start();
      election.start();
    },
    async stop() {
      await election.stop();
      for (const informer of informers) informer.stop();
    },
  };
}

const isGoing = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;
