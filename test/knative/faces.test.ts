import { expect, onTestFinished, test, vi } from 'vitest';
import { REPLY_TYPE } from '../../functions/face-recognition/reply-event.ts';
import { startLocalCloud } from '../../local/cloud.ts';
import { createMnsClient } from '../../shared/mns/client.ts';
import { encodeToken } from '../../shared/mns/token.ts';
import { createOssClient } from '../../shared/oss/client.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { staticCredentials } from '../../shared/runtime/credentials.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { RESOURCES } from '../support/kubernetes/client/resources.ts';
import { startCluster } from '../support/kubernetes/index.ts';
import { sampleBytes } from '../support/photos.ts';

const TOPIC = 'mns-en-topics-oss-photos';

const soon = <T>(check: () => Promise<T>) => vi.waitFor(check, { timeout: 60_000, interval: 100 });
const program = (name: string, env: Record<string, string> = {}) => ({
  command: [process.execPath, '--import', 'tsx', `functions/${name}/server.ts`],
  env: { PATH: process.env.PATH ?? '', ...env },
});

/** On the miniature cluster alone: images are commands there. */
test.runIf(kubectlPath && !process.env.KUBECONFIG)(
  'the shipped manifests bring a photo from the bucket to its result, its reply and the displays',
  { timeout: 120_000 },
  async () => {
    const cloud = await startLocalCloud();
    onTestFinished(() => cloud.close());
    const { accessKeyId, accessKeySecret } = cloud.credentials;
    const oss = createOssClient({
      endpoint: cloud.oss.url,
      region: cloud.region,
      credentials: staticCredentials(cloud.credentials),
      clock: systemClock,
      random: Math.random,
      timeoutMs: 5000,
      attempts: 3,
    });
    onTestFinished(() => oss.close());
    await oss.createBucket('photos');
    const photos = oss.bucket('photos');
    for (const name of ['face-uploads', 'face-uploads-dead']) await cloud.mns.ensureQueue(name);
    await cloud.rules.ensure({
      name: 'photos',
      eventTypes: ['ObjectCreated:PutObject'],
      resources: [{ bucket: 'photos', prefix: 'incoming/', suffix: '' }],
      endpoints: [{ type: 'queue', name: 'face-uploads' }],
    });
    const mns = createMnsClient({
      endpoint: cloud.mns.url,
      credentials: staticCredentials(cloud.credentials),
      clock: systemClock,
      timeoutMs: 5000,
    });
    await mns.createTopic(TOPIC);
    mns.close();
    const cluster = await startCluster({
      images: {
        'face-recognition': program('face-recognition', { OSS_ENDPOINT: cloud.oss.url }),
        'mns-poller': program('mns-poller'),
        'event-display': program('event-display'),
      },
    });
    onTestFinished(() => cluster.stop());
    const secret = (name: string, stringData: Record<string, string>) =>
      cluster.client.create(RESOURCES.secrets, { metadata: { name, namespace: 'default' }, stringData });
    await secret('oss-credentials', { accessKeyId, accessKeySecret });
    await secret('mnsoss-secret', {
      mns: encodeToken({ url: cloud.mns.url, credentials: cloud.credentials }),
    });

    const applied = await cluster.kubectl(['apply', '-k', 'knative/overlays/sink-binding']);
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    await soon(async () => {
      const { stdout } = await cluster.kubectl(['get', 'trigger,ksvc,sinkbinding,broker', '-o', 'json']);
      for (const { kind, metadata, status } of JSON.parse(stdout).items)
        expect(status?.conditions, `${kind} ${metadata.name}`).toContainEqual(
          expect.objectContaining({ type: 'Ready', status: 'True' }),
        );
    });
    await photos.put('incoming/team.jpg', sampleBytes(1));

    const said = (name: string) => cluster.kubelet!.logs('serving.knative.dev/service', name);
    await soon(async () => expect(said('event-display')).toContain('"faces": 3'));
    const { body } = await photos.get('results/incoming/team.jpg/faces.json');
    const document = JSON.parse(Buffer.concat(await body.toArray()).toString());
    expect(document.faces).toHaveLength(3);
    const displayed = said('event-display')
      .split(/^.* receive cloudevents\.Event:\n/m)
      .slice(1);
    expect(displayed.map((text) => Object.keys(JSON.parse(text)))).toEqual([
      ['events'],
      ['bucket', 'key', 'result', 'faces', 'known', 'unknown'],
    ]);
    expect(said('face-recognition')).not.toContain(REPLY_TYPE);
    expect(cluster.knative!.ingress.lost()).toBe(0);
  },
);
