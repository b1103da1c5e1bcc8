import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { at, type KubeObject, type Tree } from './api/types.ts';
import { RESOURCES } from './client/resources.ts';
import { startCluster } from './index.ts';
import { hostPort } from './kubelet/pod.ts';
import { aDeployment } from './widgets.ts';

/** A program that returns its environment over HTTP, ends on request, and prints a line when it is stopped. */
const PROGRAM = `
  const { readFileSync } = require('node:fs');
  let healthy = true;
  require('node:http').createServer((request, response) => {
    if (request.url === '/exit') process.exit(3);
    if (request.url === '/sicken') healthy = false;
    response.statusCode = healthy ? 200 : 500;
    const file = process.env.TOKEN_FILE;
    response.end(JSON.stringify({ ...process.env, ...(file && { token: readFileSync(file, 'utf8') }) }));
  }).listen(process.env.PORT);
  console.log('started');
  process.on('SIGTERM', () => { console.log('stopped'); process.exit(0); });
`;

async function aCluster() {
  const { kubelet, ...cluster } = await startCluster({
    images: { program: { command: [process.execPath, '-e', PROGRAM] } },
  });
  onTestFinished(() => cluster.stop());
  const pods = async () => (await cluster.client.list(RESOURCES.pods, 'default')).items;
  const deployment = () => cluster.client.get(RESOURCES.deployments, 'default', 'echo');
  const isAvailable = (replicas: number) =>
    soon(async () =>
      expect(at(await deployment(), 'status')).toMatchObject({
        updatedReplicas: replicas,
        readyReplicas: replicas,
        replicas,
      }),
    );
  const ask = async (path: string, pod?: KubeObject) => {
    const port = hostPort(pod ?? (await pods())[0]!, 8080);
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return (await response.json()) as Record<string, string>;
  };
  return { ...cluster, kubelet: kubelet!, pods, isAvailable, ask };
}

const soon = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 25 });

function program(container: Tree = {}, spec: Tree = {}, replicas = 1): Tree {
  const deployment = aDeployment('registry.example.org/team/program:1.2', replicas);
  const [first] = deployment.spec.template.spec.containers;
  const probe = { httpGet: { path: '/', port: 'http' }, periodSeconds: 1, failureThreshold: 1 };
  const containers = [
    { ...first, ports: [{ name: 'http', containerPort: 8080 }], readinessProbe: probe, ...container },
  ];
  return {
    ...deployment,
    spec: { ...deployment.spec, template: { ...deployment.spec.template, spec: { containers, ...spec } } },
  };
}

const aSecret = (token: string) => ({
  metadata: { name: 'keys', namespace: 'default' },
  stringData: { token },
});

describe('test kubelet', () => {
  test("a pod's program runs with everything that its environment refers to", async () => {
    const { client, isAvailable, ask } = await aCluster();
    await client.create(RESOURCES.secrets, aSecret('secret'));
    await client.create(RESOURCES.configMaps, {
      metadata: { name: 'settings', namespace: 'default' },
      data: { MODE: 'fast' },
    });
    const env = [
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
      { name: 'NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'APP', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: 'TOKEN_FILE', value: '/var/run/keys/token' },
      { name: 'SUM', value: '$(NAMESPACE)/$(APP)' },
    ];
    const mounts = [{ name: 'keys', mountPath: '/var/run/keys' }];
    const volumes = [{ name: 'keys', secret: { secretName: 'keys' } }];

    await client.create(
      RESOURCES.deployments,
      program({ env, envFrom: [{ configMapRef: { name: 'settings' } }], volumeMounts: mounts }, { volumes }),
    );
    await isAvailable(1);

    expect(await ask('/')).toMatchObject({
      TOKEN: 'secret',
      token: 'secret',
      NAMESPACE: 'default',
      APP: 'echo',
      MODE: 'fast',
      SUM: 'default/echo',
    });
    await client.patch(RESOURCES.secrets, 'default', 'keys', 'merge', { stringData: { token: 'rotated' } });
    await soon(async () => expect(await ask('/')).toMatchObject({ TOKEN: 'secret', token: 'rotated' }));
  });

  test('the status says what a pod waits for, and the pod starts when it exists', async () => {
    const { client, pods, isAvailable } = await aCluster();
    const env = [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } }];
    await client.create(RESOURCES.deployments, program({ env }));

    await soon(async () =>
      expect(at((await pods())[0], 'status', 'containerStatuses', 0, 'state', 'waiting')).toEqual({
        reason: 'CreateContainerConfigError',
        message: 'secret "keys" not found',
      }),
    );
    await client.create(RESOURCES.secrets, aSecret('late'));

    await isAvailable(1);
  });

  test('a program that ended or is not alive is restarted', async () => {
    const { client, pods, isAvailable, ask } = await aCluster();
    const livenessProbe = { httpGet: { path: '/', port: 8080 }, periodSeconds: 1, failureThreshold: 1 };
    await client.create(RESOURCES.deployments, program({ livenessProbe }));
    await isAvailable(1);
    const restarts = async () => at((await pods())[0], 'status', 'containerStatuses', 0, 'restartCount');

    await ask('/exit').catch(() => {});
    await soon(async () => expect(await restarts()).toBe(1));
    await isAvailable(1);
    await ask('/sicken');

    await soon(async () => expect(await restarts()).toBe(2));
    await isAvailable(1);
  });

  test('a Deployment scales, and a changed template replaces pods without a gap', async () => {
    const { client, pods, isAvailable, ask } = await aCluster();
    await client.create(RESOURCES.deployments, program({}, {}, 2));
    await isAvailable(2);

    await client.patch(RESOURCES.deployments, 'default', 'echo', 'merge', { spec: { replicas: 1 } }, 'scale');
    await isAvailable(1);
    await client.apply(RESOURCES.deployments, program({ env: [{ name: 'VERSION', value: '2' }] }), 'test');
    let fewest = 1;
    await soon(async () => {
      const ready = (await pods()).filter((pod) =>
        JSON.stringify(at(pod, 'status', 'conditions')).includes('"Ready","status":"True"'),
      );
      fewest = Math.min(fewest, ready.length);
      expect(await ask('/')).toMatchObject({ VERSION: '2' });
      expect(await pods()).toHaveLength(1);
    });

    expect(fewest).toBe(1);
  });

  test('a deleted pod lets its program finish, and keeps its log', async () => {
    const { client, kubelet, pods, isAvailable } = await aCluster();
    await client.create(RESOURCES.deployments, program());
    await isAvailable(1);

    await client.remove(RESOURCES.deployments, 'default', 'echo');

    await soon(async () => expect(await pods()).toEqual([]));
    expect(kubelet.logs('app', 'echo')).toBe('started\nstopped\n');
  });
});
