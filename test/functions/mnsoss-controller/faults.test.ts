import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../functions/mnsoss-controller/kubernetes/resources.ts';
import { RESOURCES } from '../../../functions/mnsoss-controller/kubernetes/resources.ts';
import { aBroker, aSecret, aSource, TOPIC } from './objects.ts';
import { actForOthers, installManifests, startWorld, until, type World } from './world.ts';

async function startAll(): Promise<World> {
  const world = await startWorld();
  actForOthers(world);
  await world.mns.createTopic(TOPIC);
  await world.apply(aBroker());
  await world.apply(aSecret(world.cloud));
  return world;
}

const installed = async (kind: string, name?: string): Promise<KubeObject> =>
  (await installManifests()).find(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  )!;

const replicasOf = async ({ deployment }: World): Promise<number> =>
  ((await deployment())!.spec as { replicas: number }).replicas;

const holderOf = async ({ admin }: World): Promise<string | undefined> => {
  const lease = await admin.get(RESOURCES.lease, 'mnsoss-system', 'mnsoss-controller');
  return (lease?.spec as { holderIdentity?: string } | undefined)?.holderIdentity;
};

describe('controller under faults', () => {
  test('the controller finds changes from while the API server was down', async () => {
    const world = await startAll();
    await world.start();
    await world.apply(aSource());
    await world.whenReady();

    await world.api.faults.goDown();
    await world.whenLogged('the watch ended with an error');
    await world.api.faults.comeUp();
    await world.apply(aSource({ consumers: 4 }));

    await until(async () => (await replicasOf(world)) === 4);
    await world.whenReady();
  });

  test('the controller lists again when its watch is too old', async () => {
    const world = await startAll();
    await world.start();
    await world.apply(aSource());
    await world.whenReady();

    world.api.faults.expireWatches();
    world.api.faults.compact();
    await world.apply(aSource({ consumers: 3 }));
    await world.apply(aSource({}, 'second'));

    await until(async () => (await replicasOf(world)) === 3);
    await world.whenReady('second');
  });

  test('the controller watches again when its watches are cut', async () => {
    const world = await startAll();
    await world.start();
    for (let turn = 1; turn <= 5; turn++) {
      world.api.faults.cutWatches();
      await world.apply(aSource({}, `source-${turn}`));
      await world.whenReady(`source-${turn}`);
    }

    expect(world.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  test('the controller continues after conflicts and errors of the API server', async () => {
    const world = await startAll();
    await world.start();
    world.api.faults.inject({ kind: 'conflict', resources: ['mnsosssources'], verbs: ['patch'], times: 3 });
    world.api.faults.inject({ kind: 'error', resources: ['deployments', 'sinkbindings'], times: 4 });

    await until(async () => {
      await world.apply(aSource()).catch(() => {}); // it may be hit as well
      return world.source();
    });
    await world.whenReady();

    expect(world.api.faults.hits()).toBe(7);
  });

  test('one replica of the controller leads, and the next one soon after it stops', async () => {
    const world = await startAll();
    const first = await world.start({ identity: 'first' });
    await until(async () => (await holderOf(world)) === 'first');
    await world.start({ identity: 'second' });
    await world.apply(aSource());
    await world.whenReady();

    await first.stop();
    await world.apply(aSource({}, 'later'));
    await world.whenReady('later');

    expect(await holderOf(world)).toBe('second');
    expect(world.log.filter((line) => line.includes('this replica leads"'))).toHaveLength(2);
  });

  test('the controller starts before Kubernetes knows its kind, and works as soon as it does', async () => {
    const world = await startAll();
    const definition = await installed('CustomResourceDefinition');
    await world.delete(definition);
    await world.start();
    await world.whenLogged('the watch ended with an error');
    const before = await world.get('/readyz');

    await world.apply(definition);
    await until(async () => world.apply(aSource()).catch(() => undefined));
    await world.whenReady();

    expect(before.status).toBe(503);
    expect((await world.get('/readyz')).status).toBe(200);
  });
});

describe('permissions of the controller', () => {
  test('the permissions of the controller are sufficient, and none is superfluous', async () => {
    const world = await startAll();
    await world.start({ drainSeconds: 0 });
    for (const [index, { apiVersion, kind }] of SINKS.entries()) {
      const sink = { apiVersion, kind, name: `letters-${index}` };
      await world.apply(aSource({ delivery: { deadLetterSink: { ref: sink } } }, `source-${index}`));
      await world.whenCondition('Ready', { reason: 'DeadLetterSinkNotFound' }, `source-${index}`);
    }
    await world.apply(aSource());
    await world.whenReady();
    // The lease is renewed every two seconds.
    await until(() => world.api.access.unused(LEASE_ROLE).length === 0);
    await world.delete(aSource());
    await world.whenGone();

    expect(world.api.access.refused).toEqual([]);
    expect(world.api.access.unused({ name: 'mnsoss-controller' })).toEqual([]);
    for (const name of ['mnsoss-token-reader', 'mnsoss-poller-writer'])
      expect(world.api.access.unused({ name })).toEqual([]);
  });

  test('the controller reads Secrets and writes pollers only in namespaces with its RoleBindings', async () => {
    const world = await startAll();
    await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
    const controller = await world.asController();
    const deployment = aDeployment([{ ...OWNER, uid: 'u' }], 'other');

    const reading = controller.get(RESOURCES.secret, 'other', 'mns-token');
    const writing = controller.apply(RESOURCES.deployment, deployment);

    await expect(reading).rejects.toMatchObject({ code: 'AccessDenied' });
    await expect(writing).rejects.toMatchObject({ code: 'AccessDenied' });
  });

  test.each([
    ['no owner', undefined],
    ['another owner', [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'x', uid: 'u', controller: true }]],
    ['a source that does not control it', [{ ...OWNER, uid: 'u', controller: false }]],
  ])('the API server refuses a Deployment of the controller with %s', async (_, owners) => {
    const world = await startAll();
    const controller = await world.asController();

    const writing = controller.apply(RESOURCES.deployment, aDeployment(owners));

    await expect(writing).rejects.toThrow('the controller writes only what a MnsOssSource owns');
  });

  test('the API server keeps the controller from taking over the Deployment of somebody else', async () => {
    const world = await startAll();
    const controller = await world.asController();
    await world.apply(aDeployment(undefined));

    const writing = controller.apply(RESOURCES.deployment, aDeployment([{ ...OWNER, uid: 'u' }]));

    await expect(writing).rejects.toThrow('the controller takes over nothing');
  });

  test("the walk-through's role has no permissions", async () => {
    const role = await installed('ClusterRole', 'eventing-sources-mnsoss-controller');

    expect(role).toMatchObject({ rules: [] });
  });
});

const OWNER = {
  apiVersion: 'sources.eventing.knative.dev/v1alpha1',
  kind: 'MnsOssSource',
  name: 'uploads',
  controller: true,
};

function aDeployment(ownerReferences: object[] | undefined, namespace = 'default'): KubeObject {
  const labels = { app: 'any' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name: 'any', ownerReferences } as KubeObject['metadata'],
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'any', image: 'any' }] } },
    },
  };
}

const LEASE_ROLE = { name: 'mnsoss-controller-lease', namespace: 'mnsoss-system' };

const SINKS = [
  { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker' },
  { apiVersion: 'messaging.knative.dev/v1', kind: 'Channel' },
  { apiVersion: 'serving.knative.dev/v1', kind: 'Service' },
  { apiVersion: 'v1', kind: 'Service' },
];
