import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RESOURCES } from '../../../functions/mnsoss-controller/kubernetes/resources.ts';
import { startEntry } from '../../support/child-program.ts';
import { kubeconfigOf } from '../../support/kubernetes/kubeconfig.ts';
import { startWorld, until } from './world.ts';

const run = (env: Readonly<Record<string, string>>) =>
  startEntry('functions/mnsoss-controller/server.ts', { PORT: '0', ...env });

describe('server.ts', () => {
  test('the program of the controller answers probes, leads, and releases the lease on SIGTERM', async () => {
    const world = await startWorld();
    const home = await mkdtemp(join(tmpdir(), 'controller-'));
    onTestFinished(() => rm(home, { recursive: true }));
    const kubeconfig = join(home, 'config');
    await writeFile(kubeconfig, kubeconfigOf(world.api));
    const program = run({ POLLER_IMAGE: 'poller:1', POD_NAME: 'one', KUBECONFIG: kubeconfig });
    await until(() => program.output().includes('this replica leads'));
    const port = /"port":(\d+)/.exec(program.output())![1];

    const live = await fetch(`http://127.0.0.1:${port}/livez`);
    await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    program.process.kill('SIGTERM');
    const code = await program.ended();
    const lease = await world.admin.get(RESOURCES.lease, 'mnsoss-system', 'mnsoss-controller');

    expect(live.status).toBe(200);
    expect(metrics).toContain('mnsoss_controller_leading 1');
    expect(code).toBe(0);
    expect(lease?.spec).toMatchObject({ holderIdentity: '' });
  });

  test.each([
    ['an image for pollers', {}, 'ConfigInvalid: POLLER_IMAGE (--poller-image) must be set'],
    [
      'a cluster',
      { POLLER_IMAGE: 'poller:1', KUBECONFIG: '/absent' },
      'ConfigInvalid: the cluster cannot be found: run in a pod, or set KUBECONFIG: ',
    ],
  ])('the program of the controller names a missing setting: %s', async (_what, env, message) => {
    const program = run(env);

    expect(await program.ended()).toBe(1);
    expect(program.output()).toContain(message);
    expect(program.output()).not.toContain('    at ');
  });
});
