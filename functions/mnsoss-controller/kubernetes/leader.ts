import type { RuntimeDeps } from '../../../shared/runtime/deps.ts';
import { toAppError } from '../../../shared/runtime/errors.ts';
import type { Cluster } from './cluster.ts';
import { statusOf } from './errors.ts';
import { type KubeObject, RESOURCES } from './resources.ts';

/** One of several replicas leads: the one that holds a Lease and renews it. */
export interface LeaderElection {
  readonly leading: () => boolean;
  start(): void;
  /** Stops leading and releases the lease, so that the next leader does not have to wait for its end. */
  stop(): Promise<void>;
}

export interface LeaderOptions extends RuntimeDeps {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly name: string;
  /** Of this replica. Must be unique. */
  readonly identity: string;
  /** Starts leading. The returned function stops it and resolves when nothing is running. */
  readonly lead: () => () => Promise<void>;
  readonly times?: LeaseTimes;
}

/** Milliseconds. The leader stops by itself `leaseMs - renewMs` before another replica can start. */
export interface LeaseTimes {
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly retryMs: number;
}

/** As in Knative: a lease of 15 s, lost after 10 s without renewal, with an attempt every 2 s. */
const KNATIVE_TIMES: LeaseTimes = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export function createLeaderElection(options: LeaderOptions): LeaderElection {
  const { cluster, namespace, name, identity, lead, clock, random, logger, times = KNATIVE_TIMES } = options;
  /** The last lease of another holder, and when this replica saw it: clocks of two machines are never compared. */
  let seen: { renewTime: string | undefined; at: number } | undefined;
  let cancelDeadline = () => {};
  let endWork: (() => Promise<void>) | undefined;
  let cancelNext = () => {};
  let stopped = false;
  let attempt: Promise<void> = Promise.resolve();

  function schedule(ms: number): void {
    if (stopped) return;
    cancelNext = clock.after(ms, () => {
      attempt = tick();
    });
  }

  async function tick(): Promise<void> {
    const startedAt = clock.monotonic();
    try {
      if (await acquire()) {
        cancelDeadline();
        cancelDeadline = clock.after(startedAt + times.renewMs - clock.monotonic(), () => {
          attempt = resign('the lease was not renewed in time');
        });
        if (!endWork && !stopped) {
          logger.info({ identity }, 'this replica leads');
          endWork = lead();
        }
      } else await resign('another replica leads');
    } catch (thrown) {
      const { code, message } = toAppError(thrown);
      logger.warn({ code, reason: message }, 'the lease could not be renewed');
    }
    schedule(times.retryMs * (1 + 0.2 * random()));
  }

  /** Whether this replica holds the lease now. */
  async function acquire(): Promise<boolean> {
    const lease = await cluster.get(RESOURCES.lease, namespace, name);
    const now = new Date(clock.now()).toISOString().replace('Z', '000Z');
    const held = { holderIdentity: identity, leaseDurationSeconds: times.leaseMs / 1000, renewTime: now };
    if (!lease) {
      const metadata = { name, namespace };
      const spec = { ...held, acquireTime: now, leaseTransitions: 0 };
      return won(cluster.create(RESOURCES.lease, leaseOf(metadata, spec)));
    }
    const old = (lease.spec ?? {}) as LeaseSpec;
    const mine = old.holderIdentity === identity;
    if (!mine && old.holderIdentity && !expired(old)) return false;
    const taken = mine ? {} : { acquireTime: now, leaseTransitions: (old.leaseTransitions ?? 0) + 1 };
    return won(cluster.replace(RESOURCES.lease, leaseOf(lease.metadata, { ...old, ...held, ...taken })));
  }

  function expired({ renewTime, leaseDurationSeconds = times.leaseMs / 1000 }: LeaseSpec): boolean {
    if (seen?.renewTime !== renewTime) seen = { renewTime, at: clock.monotonic() };
    return clock.monotonic() - seen!.at >= leaseDurationSeconds * 1000;
  }

  async function resign(reason: string): Promise<void> {
    cancelDeadline();
    if (!endWork) return;
    const end = endWork;
    endWork = undefined;
    logger.warn({ identity, reason }, 'this replica leads no more');
    await end();
  }

  return {
    leading: () => endWork !== undefined,
    start() {
      attempt = tick();
    },
    async stop() {
      stopped = true;
      cancelNext();
      await attempt;
      cancelDeadline();
      const end = endWork;
      if (!end) return;
      endWork = undefined;
      await end();
      try {
        const lease = await cluster.get(RESOURCES.lease, namespace, name);
        const spec = (lease?.spec ?? {}) as LeaseSpec;
        if (!lease || spec.holderIdentity !== identity) return;
        const released = { ...spec, holderIdentity: '', leaseDurationSeconds: 1 };
        await cluster.replace(RESOURCES.lease, leaseOf(lease.metadata, released));
      } catch (thrown) {
        const { code, message } = toAppError(thrown);
        logger.warn({ code, reason: message }, 'the lease was not released; it ends by itself');
      }
    },
  };
}

/** A conflict means that another replica was faster. */
async function won(write: Promise<KubeObject>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (statusOf(error) === 409) return false;
    throw error;
  }
}

function leaseOf(metadata: KubeObject['metadata'], spec: LeaseSpec): KubeObject {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
}
