import { CoreV1Api, KubernetesObjectApi, makeInformer, PatchStrategy } from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import { startTestApi } from './index.ts';

const aConfigMap = (data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'default' },
  data,
});

describe('official client', () => {
  test('the informer of the official client reports existing objects and changes', async () => {
    const { config } = await startTestApi();
    const core = config.makeApiClient(CoreV1Api);
    await core.createNamespacedConfigMap({ namespace: 'default', body: aConfigMap({ a: '1' }) });
    const informer = makeInformer(config, '/api/v1/namespaces/default/configmaps', () =>
      core.listNamespacedConfigMap({ namespace: 'default' }),
    );
    const heard: string[] = [];
    const removed = new Promise<void>((resolve) => {
      informer.on('add', ({ data }) => void heard.push(`add ${data?.a}`));
      informer.on('update', ({ data }) => void heard.push(`update ${data?.a}`));
      informer.on('delete', () => resolve());
    });

    await informer.start();
    await core.patchNamespacedConfigMap({
      name: 'settings',
      namespace: 'default',
      body: [{ op: 'replace', path: '/data/a', value: '2' }],
    });
    await core.deleteNamespacedConfigMap({ name: 'settings', namespace: 'default' });
    await removed;
    await informer.stop();

    expect(heard).toEqual(['add 1', 'update 2']);
  });

  test('server-side apply of the official client conflicts with another manager, unless forced', async () => {
    const { config } = await startTestApi();
    const objects = KubernetesObjectApi.makeApiClient(config);
    const apply = (manager: string, data: Record<string, string>, force = false) =>
      objects.patch(aConfigMap(data), undefined, undefined, manager, force, PatchStrategy.ServerSideApply);

    await apply('one', { a: '1', b: '1' });
    await apply('two', { c: '2' });
    const refused = await apply('two', { a: '2', c: '2' }).catch((error) => error);
    await apply('two', { a: '2', c: '2' }, true);
    const last = await apply('one', { b: '1' });

    expect(refused.code).toBe(409);
    expect(refused.body).toContain('conflict with \\"one\\": .data.a');
    expect(last).toMatchObject({ data: { a: '2', b: '1', c: '2' } });
  });
});
