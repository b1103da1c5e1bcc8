import { describe, expect, test } from 'vitest';
import { connectCluster } from '../../../../functions/mnsoss-controller/kubernetes/cluster.ts';
import {
  createLeaderElection,
  type LeaderElection,
} from '../../../../functions/mnsoss-controller/kubernetes/leader.ts';
import { RESOURCES } from '../../../../functions/mnsoss-controller/kubernetes/resources.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { seededRandom } from '../../../../shared/runtime/random.ts';
import { startTestApi } from '../../../support/kubernetes/start.ts';
import { until } from '../world.ts';

/** As in production, five times faster. */
const TIMES = { leaseMs: 3_000, renewMs: 2_000, retryMs: 400 };

async function startElections() {
  const { api, config } = await startTestApi();
  const cluster = connectCluster(config);
  const working = new Set<string>();
  const history: string[] = [];
  const most = { atOnce: 0 };

  const join = (identity: string): LeaderElection => {
    const election = createLeaderElection({
      cluster,
      namespace: 'default',
      name: 'lease',
      identity,
      clock: systemClock,
      random: seededRandom(identity.length),
      logger: silentLogger,
      times: TIMES,
      lead() {
        working.add(identity);
        history.push(identity);
        most.atOnce = Math.max(most.atOnce, working.size);
        return async () => void working.delete(identity);
      },
    });
    election.start();
    return election;
  };
  return { api, cluster, join, working, history, most };
}

describe('createLeaderElection', () => {
  test('the election of a leader has one winner, and a successor when that one stops', async () => {
    const { join, working, history, most, cluster } = await startElections();
    const elections = new Map(['a', 'bb', 'ccc'].map((identity) => [identity, join(identity)]));
    await until(() => working.size === 1);

    const [first] = [...working];
    await elections.get(first!)!.stop();
    await until(() => working.size === 1);
    const [second] = [...working];
    const lease = await cluster.get(RESOURCES.lease, 'default', 'lease');
    await Promise.all([...elections.values()].map((election) => election.stop()));
    const released = await cluster.get(RESOURCES.lease, 'default', 'lease');

    expect(second).not.toBe(first);
    expect(most.atOnce).toBe(1);
    expect(history).toHaveLength(2);
    expect(lease?.spec).toMatchObject({
      holderIdentity: second,
      leaseDurationSeconds: 3,
      leaseTransitions: 1,
    });
    expect(released?.spec).toMatchObject({ holderIdentity: '' });
  });

  test('the election of a leader waits for the end of a lease whose holder died', async () => {
    const { join, working, cluster } = await startElections();
    const renewTime = new Date(systemClock.now()).toISOString().replace('Z', '000Z');
    await cluster.create(RESOURCES.lease, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'default', name: 'lease' },
      spec: { holderIdentity: 'dead', leaseDurationSeconds: 1, renewTime },
    });
    const startedAt = systemClock.now();

    const election = join('heir');
    await until(() => working.has('heir'));
    const waitedMs = systemClock.now() - startedAt;
    await election.stop();

    expect(waitedMs).toBeGreaterThanOrEqual(1000);
  });

  test('a leader that cannot renew stops before another one can start', async () => {
    const { api, join, working, history } = await startElections();
    const election = join('a');
    await until(() => working.size === 1);

    await api.faults.goDown();
    await until(() => working.size === 0);
    await api.faults.comeUp();
    await until(() => working.size === 1);
    await election.stop();

    expect(history).toEqual(['a', 'a']);
  });

  test('a replica stops leading when another one holds the lease', async () => {
    const { cluster, join, working } = await startElections();
    const election = join('a');
    await until(() => working.size === 1);

    const lease = await until(() => cluster.get(RESOURCES.lease, 'default', 'lease'));
    const stolen = { ...(lease.spec as object), holderIdentity: 'thief', leaseDurationSeconds: 60 };
    await until(async () => {
      const { metadata } = await until(() => cluster.get(RESOURCES.lease, 'default', 'lease'));
      return cluster.replace(RESOURCES.lease, { ...lease, metadata, spec: stolen }).catch(() => undefined);
    });
    await until(() => working.size === 0);
    await election.stop();

    expect((await cluster.get(RESOURCES.lease, 'default', 'lease'))?.spec).toMatchObject({
      holderIdentity: 'thief',
    });
  });
});
