import { describe, expect, test, vi } from 'vitest';
import { at, type KubeObject, type Tree } from './api/types.ts';
import { createClient, RefusedError } from './client/client.ts';
import { startInformer } from './client/informer.ts';
import { pathOf, RESOURCES } from './client/resources.ts';
import { startTestApi } from './index.ts';
import { kubeConfig } from './kubeconfig.ts';
import { aDeployment, aWidget, WIDGET_CRD, WIDGETS } from './widgets.ts';

async function withWidgets() {
  const started = await startTestApi();
  await started.client.create(RESOURCES.crds, WIDGET_CRD);
  return started;
}

/** The error of a rejected request. */
async function refusal(work: Promise<unknown>): Promise<RefusedError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RefusedError);
  return error as RefusedError;
}

const aConfigMap = (name: string, extra: Tree = {}) => ({
  metadata: { name, namespace: 'default', ...extra },
  data: { a: '1' },
});
const ownedBy = ({ apiVersion, kind, metadata: { name, uid } }: KubeObject, blockOwnerDeletion = false) => ({
  ownerReferences: [{ apiVersion, kind, name, uid, blockOwnerDeletion }],
});
const soon = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 5000, interval: 10 });

describe('object', () => {
  test('objects get defaults, and unknown fields are dropped with a warning or rejected', async () => {
    const { client } = await withWidgets();
    const body = { ...aWidget({ colour: 'red', parts: [{ name: 'a' }] }) };

    const made = await client.create(WIDGETS, body);
    const strict = await refusal(
      client.send('POST', pathOf(WIDGETS, 'default'), {
        body: { ...body, metadata: { name: 'two' } },
        query: { fieldValidation: 'Strict' },
      }),
    );

    expect(made.spec).toEqual({ color: 'red', replicas: 2, parts: [{ name: 'a', size: 3 }] });
    expect(strict).toMatchObject({
      status: 400,
      message: expect.stringContaining('unknown field "spec.colour"'),
    });
  });

  test('the generation counts changes of the spec only, whatever the order of fields', async () => {
    const { client } = await withWidgets();
    await client.create(WIDGETS, aWidget({ most: 5 }));

    await client.patch(WIDGETS, 'default', 'one', 'merge', { metadata: { labels: { a: 'b' } } });
    const status = await client.patch(
      WIDGETS,
      'default',
      'one',
      'merge',
      { spec: { most: 9 }, status: { replicas: 1 } },
      'status',
    );
    const same = await client.send('PUT', pathOf(WIDGETS, 'default', 'one'), {
      body: { ...status, spec: Object.fromEntries(Object.entries(status.spec as Tree).reverse()) },
    });
    const changed = await client.patch(WIDGETS, 'default', 'one', 'merge', {
      spec: { most: 6 },
      status: { replicas: 8 },
    });

    expect(status).toMatchObject({ spec: { most: 5 }, status: { replicas: 1 }, metadata: { generation: 1 } });
    expect(same).toMatchObject({
      metadata: { generation: 1, resourceVersion: status.metadata.resourceVersion },
    });
    expect(changed).toMatchObject({
      spec: { most: 6 },
      status: { replicas: 1 },
      metadata: { generation: 2 },
    });
  });

  test('an update from an older version is rejected', async () => {
    const { client } = await withWidgets();
    const { metadata } = await client.create(WIDGETS, aWidget());
    await client.patch(WIDGETS, 'default', 'one', 'merge', { spec: { replicas: 3 } });

    const body = aWidget({}, { resourceVersion: metadata.resourceVersion });
    const late = await refusal(client.send('PUT', pathOf(WIDGETS, 'default', 'one'), { body }));
    const twice = await refusal(client.create(WIDGETS, aWidget()));

    expect(late).toMatchObject({ status: 409, reason: 'Conflict' });
    expect(twice).toMatchObject({ status: 409, reason: 'AlreadyExists' });
  });

  test('rules in CEL are enforced, including rules about the old value', async () => {
    const { client } = await withWidgets();
    await client.create(WIDGETS, aWidget());

    const repainted = client.patch(WIDGETS, 'default', 'one', 'merge', { spec: { color: 'blue' } });

    expect(await refusal(repainted)).toMatchObject({
      status: 422,
      message: expect.stringContaining('color is immutable'),
    });
  });

  test('a strategic patch is rejected for custom kinds, and merges lists by key for built-in ones', async () => {
    const { client } = await withWidgets();
    await client.create(WIDGETS, aWidget());
    await client.create(RESOURCES.deployments, aDeployment());
    const containers = [{ name: 'echo', env: [{ name: 'B', value: '2' }] }];

    const custom = await refusal(
      client.patch(WIDGETS, 'default', 'one', 'strategic', { spec: { replicas: 1 } }),
    );
    const builtIn = await client.patch(RESOURCES.deployments, 'default', 'echo', 'strategic', {
      spec: { template: { spec: { containers } } },
    });

    expect(custom.status).toBe(415);
    expect(at(builtIn, 'spec', 'template', 'spec', 'containers', 0)).toMatchObject({
      image: 'example.org/echo:1',
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    });
  });

  test('lists are paged by limit and continue', async () => {
    const { client } = await startTestApi();
    for (const name of ['a', 'b', 'c']) await client.create(RESOURCES.configMaps, aConfigMap(name));

    const first = await client.list(RESOURCES.configMaps, 'default', { limit: '2' });
    const second = await client.list(RESOURCES.configMaps, 'default', {
      limit: '2',
      continue: first.metadata.continue!,
    });

    expect([...first.items, ...second.items].map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(second.metadata.continue).toBeUndefined();
  });

  test('an event has the same content in both of its versions', async () => {
    const { client } = await startTestApi();
    const core = { apiVersion: 'v1', kind: 'Event', plural: 'events' };
    const grouped = { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' };
    const metadata = { name: 'told', namespace: 'default' };

    await client.create(core, {
      metadata,
      involvedObject: { kind: 'Pod', name: 'p' },
      message: 'hello',
      type: 'Normal',
    });

    expect(await client.get(grouped, 'default', 'told')).toMatchObject({
      regarding: { kind: 'Pod', name: 'p' },
      note: 'hello',
    });
  });
});

describe('server-side apply', () => {
  const apply = (client: ReturnType<typeof createClient>, manager: string, spec: Tree, force = false) =>
    client.send('PATCH', pathOf(WIDGETS, 'default', 'one'), {
      body: { ...aWidget(spec) },
      type: 'application/apply-patch+yaml',
      query: { fieldManager: manager, force: String(force) },
    }) as Promise<KubeObject>;

  test('apply removes fields that the manager leaves out, unless another manager owns them', async () => {
    const { client } = await withWidgets();
    await apply(client, 'a', { label: 'x', most: 9, parts: [{ name: 'p' }, { name: 'q' }] });
    await apply(client, 'b', { parts: [{ name: 'q' }, { name: 'r', size: 1 }] });

    const left = await apply(client, 'a', { most: 9 });

    expect(left.spec).toEqual({
      color: 'red',
      replicas: 2,
      most: 9,
      parts: [
        { name: 'q', size: 3 },
        { name: 'r', size: 1 },
      ],
    });
    expect(left.metadata.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`)).toEqual([
      'a Apply',
      'b Apply',
    ]);
  });

  test('apply does not conflict over equal values, and repeating it changes nothing', async () => {
    const { client } = await withWidgets();
    const first = await apply(client, 'a', { most: 9 });

    const again = await apply(client, 'a', { most: 9 });
    const agreed = await apply(client, 'b', { most: 9 });
    const disagreed = await refusal(apply(client, 'b', { most: 8 }));

    expect(again.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(agreed.spec).toEqual(first.spec);
    expect(disagreed).toMatchObject({
      status: 409,
      message: 'Apply failed with 1 conflict: conflict with "a": .spec.most',
    });
  });

  test('an update takes over the ownership of the fields that it changes', async () => {
    const { client } = await withWidgets();
    await apply(client, 'a', { most: 9 });
    await client.patch(WIDGETS, 'default', 'one', 'merge', { spec: { most: 8 } });

    expect(await refusal(apply(client, 'a', { most: 9 }))).toMatchObject({
      message: expect.stringContaining('.spec.most'),
    });
  });
});

describe('deletion', () => {
  test('background deletion deletes what the object owned', async () => {
    const { client } = await startTestApi();
    const owner = await client.create(RESOURCES.configMaps, aConfigMap('owner'));
    await client.create(RESOURCES.configMaps, aConfigMap('owned', ownedBy(owner)));

    await client.remove(RESOURCES.configMaps, 'default', 'owner');

    await soon(async () =>
      expect(await client.get(RESOURCES.configMaps, 'default', 'owned')).toBeUndefined(),
    );
  });

  test('foreground deletion waits for blocking dependents', async () => {
    const { client } = await startTestApi();
    const owner = await client.create(RESOURCES.configMaps, aConfigMap('owner'));
    await client.create(
      RESOURCES.configMaps,
      aConfigMap('owned', { ...ownedBy(owner, true), finalizers: ['example.com/held'] }),
    );

    await client.remove(RESOURCES.configMaps, 'default', 'owner', { propagationPolicy: 'Foreground' });
    await soon(async () =>
      expect(
        (await client.get(RESOURCES.configMaps, 'default', 'owned'))?.metadata.deletionTimestamp,
      ).toBeDefined(),
    );
    const waiting = await client.get(RESOURCES.configMaps, 'default', 'owner');
    await client.patch(RESOURCES.configMaps, 'default', 'owned', 'merge', { metadata: { finalizers: null } });

    expect(waiting?.metadata.finalizers).toEqual(['foregroundDeletion']);
    await soon(async () =>
      expect(await client.get(RESOURCES.configMaps, 'default', 'owner')).toBeUndefined(),
    );
  });

  test('orphaning deletion keeps dependents', async () => {
    const { client } = await startTestApi();
    const owner = await client.create(RESOURCES.configMaps, aConfigMap('owner'));
    await client.create(RESOURCES.configMaps, aConfigMap('owned', ownedBy(owner)));

    await client.remove(RESOURCES.configMaps, 'default', 'owner', { propagationPolicy: 'Orphan' });

    await soon(async () =>
      expect(await client.get(RESOURCES.configMaps, 'default', 'owner')).toBeUndefined(),
    );
    expect(
      (await client.get(RESOURCES.configMaps, 'default', 'owned'))?.metadata.ownerReferences,
    ).toBeUndefined();
  });

  test('deleting a CRD deletes its objects first', async () => {
    const { client } = await withWidgets();
    await client.create(WIDGETS, aWidget({}, { finalizers: ['example.com/held'] }));

    await client.remove(RESOURCES.crds, '', 'widgets.example.com');
    await soon(async () =>
      expect((await client.get(WIDGETS, 'default', 'one'))?.metadata.deletionTimestamp).toBeDefined(),
    );
    await client.patch(WIDGETS, 'default', 'one', 'merge', { metadata: { finalizers: null } });

    await soon(async () =>
      expect(await client.get(RESOURCES.crds, '', 'widgets.example.com')).toBeUndefined(),
    );
    expect(await refusal(client.list(WIDGETS, 'default'))).toMatchObject({ status: 404 });
  });
});

describe('access', () => {
  const role = (rules: Tree[]) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    plural: 'clusterroles',
    cluster: true,
    rules,
  });

  test('a service account may do exactly what its roles allow, and unused permissions are reported', async () => {
    const { api, client } = await startTestApi();
    const { rules, ...roles } = role([
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'delete'] },
    ]);
    await client.create(roles, { metadata: { name: 'reader' }, rules });
    await client.create(
      { ...roles, kind: 'ClusterRoleBinding', plural: 'clusterrolebindings' },
      {
        metadata: { name: 'reader' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'default' }],
      },
    );
    const issued = await client.send(
      'POST',
      `${pathOf(RESOURCES.serviceAccounts, 'default', 'default')}/token`,
      { body: { spec: {} } },
    );
    const account = createClient(kubeConfig(api, String(at(issued, 'status', 'token'))));

    await account.list(RESOURCES.configMaps, 'default');
    await account.get(RESOURCES.configMaps, 'default', 'none');
    const refused = await refusal(account.create(RESOURCES.configMaps, aConfigMap('a')));
    const stranger = await refusal(createClient(kubeConfig(api, 'nobody')).list(RESOURCES.configMaps));

    expect(refused).toMatchObject({
      status: 403,
      message: expect.stringContaining(
        'User "system:serviceaccount:default:default" cannot create resource "configmaps"',
      ),
    });
    expect(stranger.status).toBe(401);
    expect(api.access.unused({ name: 'reader' })).toEqual(['delete configmaps']);
    expect(api.access.refused).toEqual(['system:serviceaccount:default:default create configmaps']);
  });
});

describe('watch', () => {
  /** Types and names of a watch's events until it ends. */
  function listen(client: ReturnType<typeof createClient>, query: string) {
    const told: string[] = [];
    const stopping = new AbortController();
    const path = `${pathOf(RESOURCES.configMaps, 'default')}?watch=true&allowWatchBookmarks=true&${query}`;
    const ended = client.watch(
      path,
      (type, { metadata }) =>
        void told.push(`${type} ${metadata.name ?? Object.keys(metadata.annotations ?? {})}`),
      stopping.signal,
    );
    return { told, ended, stop: () => stopping.abort() };
  }

  test('a watch reports existing objects, a bookmark, and then changes', async () => {
    const { client } = await startTestApi();
    await client.create(RESOURCES.configMaps, aConfigMap('a'));
    const { told, ended, stop } = listen(client, 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan');
    await soon(async () => expect(told).toHaveLength(2));

    await client.create(RESOURCES.configMaps, aConfigMap('b'));
    await client.remove(RESOURCES.configMaps, 'default', 'a');

    await soon(async () =>
      expect(told).toEqual(['ADDED a', 'BOOKMARK k8s.io/initial-events-end', 'ADDED b', 'DELETED a']),
    );
    stop();
    await ended.catch(() => {});
  });

  test('a watch continues from a version, and ends with 410 when the version has expired', async () => {
    const { api, client } = await startTestApi();
    const { metadata } = await client.create(RESOURCES.configMaps, aConfigMap('a'));
    await client.create(RESOURCES.configMaps, aConfigMap('b'));
    const from = `resourceVersion=${metadata.resourceVersion}`;

    const kept = listen(client, from);
    await soon(async () => expect(kept.told).toEqual(['ADDED b']));
    api.faults.expireWatches();
    api.faults.compact();
    const late = listen(client, from);

    expect(await refusal(kept.ended)).toMatchObject({ status: 410, reason: 'Expired' });
    expect(await refusal(late.ended)).toMatchObject({ status: 410, reason: 'Expired' });
  });

  test('an informer survives broken and expired watches and an API that was down', async () => {
    const { api, client } = await startTestApi();
    const informer = startInformer(client, RESOURCES.configMaps, () => {});
    await informer.synced;
    const names = () => informer.list('default').map(({ metadata }) => metadata.name);

    for (const [name, fault] of [
      ['a', api.faults.cutWatches],
      ['b', api.faults.expireWatches],
    ] as const) {
      fault();
      await client.create(RESOURCES.configMaps, aConfigMap(name));
      await soon(async () => expect(names()).toContain(name));
    }
    await api.faults.goDown();
    await expect(client.list(RESOURCES.configMaps)).rejects.toThrow();
    await api.faults.comeUp();
    await client.create(RESOURCES.configMaps, aConfigMap('c'));

    await soon(async () => expect(names()).toEqual(['a', 'b', 'c']));
    informer.stop();
  });
});

describe('fault', () => {
  test('a fault affects the requested number of requests', async () => {
    const { api, client } = await startTestApi();
    api.faults.inject({ kind: 'conflict', resources: ['configmaps'], times: 1 });
    api.faults.inject({ kind: 'error', verbs: ['list'], times: 1 });

    const conflict = await refusal(client.create(RESOURCES.configMaps, aConfigMap('a')));
    const failed = await refusal(client.list(RESOURCES.configMaps));
    await client.create(RESOURCES.configMaps, aConfigMap('a'));

    expect([conflict.status, failed.status, api.faults.hits()]).toEqual([409, 500, 2]);
  });
});
