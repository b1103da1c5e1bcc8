import type { KubeConfig } from '@kubernetes/client-node';
import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import { toAppError } from '../../shared/runtime/errors.ts';
import type { ControllerDeps } from './deps.ts';
import { createInformer, type Informer } from './kubernetes/informer.ts';
import { createLeaderElection } from './kubernetes/leader.ts';
import { type KubeObject, RESOURCES } from './kubernetes/resources.ts';
import { createWorkqueue, type RequeueDecision } from './kubernetes/workqueue.ts';
import type { ControllerMetrics } from './metrics.ts';
import { reconcile } from './reconcile.ts';
import { keyText, parseKey, type SourceKey } from './source/names.ts';
import { keyOf, OWNED_SELECTOR, ownerKey, type Source } from './source/source.ts';

export interface Controller {
  /** From the last watch event, also while another replica leads. */
  find(key: SourceKey): Source | undefined;
  /** Whether the first list of sources is complete. */
  ready(): boolean;
  start(): void;
  /** Finishes running passes and releases the lease. */
  stop(): Promise<void>;
}

export interface ControllerRuntime extends Pick<RuntimeDeps, 'random' | 'logger'> {
  readonly config: KubeConfig;
  readonly namespace: string;
  readonly identity: string;
  readonly metrics: ControllerMetrics;
}

const LEASE = 'mnsoss-controller';
const WORKERS = 4;
const FIRST_RETRY_MS = 500;

/** Watches sources and the objects that they own. The leading replica reconciles every source that may need it. */
export function createController(runtime: ControllerRuntime, deps: ControllerDeps): Controller {
  const { config, namespace, identity, metrics, random, logger } = runtime;
  const { cluster, clock, options } = deps;
  const backoff = { baseMs: FIRST_RETRY_MS, capMs: options.resyncSeconds * 1000 };
  const queue = createWorkqueue({ clock, random, workers: WORKERS, backoff });

  const common = { config, cluster, clock, random, logger };
  const seen = new Map<string, string>();
  const sources = createInformer({
    ...common,
    resource: RESOURCES.source,
    onChange(source) {
      const key = keyText(keyOf(source));
      // Its own status writes must not trigger the controller again.
      const trigger = JSON.stringify([
        source.metadata.uid,
        source.metadata.generation,
        isBeingDeleted(source),
      ]);
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

  /** Never throws: an error becomes the decision `failed`. */
  async function reconcileKey(key: string): Promise<RequeueDecision> {
    const startedAt = clock.monotonic();
    const { namespace, name } = parseKey(key);
    try {
      // Read again: the informer's copy may be older than the last status, which names what was created in MNS.
      const source = await cluster.get(RESOURCES.source, namespace, name);
      if (!source) return forget(key);
      const decision = await reconcile(source as Source, deps);
      metrics.reconciled(decision === 'failed' ? 'waiting' : 'settled', clock.monotonic() - startedAt);
      return decision;
    } catch (thrown) {
      const { code, message } = toAppError(thrown);
      const level = code === 'ResourceConflict' ? 'info' : 'warn';
      logger[level]({ namespace, name, code, reason: message }, 'source is reconciled again');
      metrics.reconciled('error', clock.monotonic() - startedAt);
      return 'failed';
    }
  }

  function forget(key: string): 'forget' {
    seen.delete(key);
    deps.ensured.forget(key);
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
      return queue.run(reconcileKey);
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

const isBeingDeleted = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;
