import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { tempDir } from '../temp-dir.ts';
import { startApiServer } from './api/server.ts';
import { RESOURCES } from './client/resources.ts';
import { startCluster } from './index.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { aDeployment } from './widgets.ts';

const IDLE = { command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'] };

test('a cluster adds to a bare API what it lacks', async () => {
  const api = await startApiServer({ collects: false });
  onTestFinished(() => api.close());
  const kubeconfig = join(await tempDir(), 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigOf(api));

  const cluster = await startCluster({ kubeconfig, images: { echo: IDLE } });
  onTestFinished(() => cluster.stop());
  const { client } = cluster;
  const pods = async () => (await client.list(RESOURCES.pods, 'default')).items;
  await client.create(RESOURCES.deployments, aDeployment());
  await vi.waitFor(async () => expect(await pods()).toHaveLength(1), { timeout: 10_000 });
  await client.remove(RESOURCES.deployments, 'default', 'echo');

  await vi.waitFor(async () => expect(await pods()).toEqual([]), { timeout: 10_000 });
  expect(cluster.api).toBeUndefined();
  expect(await client.list(RESOURCES.brokers)).toMatchObject({ items: [] });
});
