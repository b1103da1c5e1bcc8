import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMnsRequests } from '../../../shared/mns/requests.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { createHttpClient } from '../../../shared/runtime/http.ts';
import { at, type KubeObject } from '../../support/kubernetes/api/types.ts';
import { RESOURCES } from '../../support/kubernetes/client/resources.ts';
import { encodeToken } from '../../support/mns-token.ts';
import {
  eventually,
  HAS_FAULTS,
  install,
  SAMPLE_TOPIC,
  type Stage,
  secret,
  startStage,
  walkthrough,
} from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
  await install(stage);
  await stage.kubectl('apply -f -', await secret(stage.token));
  await stage.kubectl('apply -f knative/walkthrough/304-service-account-and-broker.yaml');
  await stage.kubectl('apply -f -', await walkthrough('mnsoss-source.yaml', { [SAMPLE_TOPIC]: stage.topic }));
  await isReady();
});

afterAll(() => stage?.stop());

const isReady = () => stage.condition('Ready', { status: 'True' });
const pollers = () => stage.cluster.client.get(RESOURCES.deployments, 'default', 'mnsoss-face-mnsoss-poller');
const leader = async () =>
  at(
    await stage.cluster.client.get(RESOURCES.leases, 'mnsoss-system', 'mnsoss-controller'),
    'spec',
    'holderIdentity',
  );

/** Waits for the number of ready pollers that `kubectl scale` requested, which shows that the controller works. */
async function scalesTo(replicas: number): Promise<void> {
  await stage.kubectl(`scale mnsosssource/mnsoss-face --replicas=${replicas}`);
  await eventually(async () =>
    expect(at(await pollers(), 'status')).toMatchObject({ replicas, readyReplicas: replicas }),
  );
  await isReady();
}

/** Each fault happens to a ready source, and the source is ready again at the end. */
describe('controller', () => {
  test.runIf(HAS_FAULTS)('the controller continues after the API was down', async () => {
    const { faults } = stage.cluster.api!;

    await faults.goDown();
    await expect(stage.kubectl('get ns')).rejects.toThrow();
    await faults.comeUp();

    await scalesTo(2);
  });

  test.runIf(HAS_FAULTS)('the controller retries after conflicts and errors', async () => {
    const { faults } = stage.cluster.api!;
    const before = faults.hits();
    faults.inject({ kind: 'conflict', resources: ['mnsosssources', 'sinkbindings'], times: 5 });
    faults.inject({ kind: 'error', verbs: ['patch'], resources: ['deployments'], times: 2 });
    await eventually(() => stage.kubectl('scale mnsosssource/mnsoss-face --replicas=1'));

    await scalesTo(1);

    expect(faults.hits()).toBeGreaterThan(before);
    faults.clear();
  });

  test.runIf(HAS_FAULTS)('the controller lists again when its watches break or expire', async () => {
    const { faults } = stage.cluster.api!;

    faults.cutWatches();
    await scalesTo(2);
    faults.expireWatches();
    faults.compact();

    await scalesTo(1);
  });

  test('another instance leads when the leader is killed', async () => {
    const first = await eventually(async () => {
      const holder = await leader();
      expect(holder).toBeTruthy();
      return String(holder);
    });

    await stage.kubectl(`delete pod ${first} -n mnsoss-system --grace-period=0 --force`);
    await eventually(async () => expect([undefined, '', first]).not.toContain(await leader()));

    await scalesTo(2);
  });

  test('the controller restarts the pollers when the Secret changes, and reports when MNS rejects the key', async () => {
    const podsBefore = await uidsOfPods();
    const { url } = stage.cloud.mns;
    const wrong = encodeToken({ url, credentials: { accessKeyId: 'nobody', accessKeySecret: 'nothing' } });

    await stage.kubectl('apply -f -', await secret(wrong));
    const { message } = await stage.condition('CredentialsProvided', {
      status: 'False',
      reason: 'CredentialsRejected',
    });
    await stage.kubectl('apply -f -', await secret(`${stage.token}`));
    await isReady();
    const padded = Buffer.from(`${Buffer.from(stage.token, 'base64')} `).toString('base64');
    await stage.kubectl('apply -f -', await secret(padded));

    await eventually(async () => {
      const now = await uidsOfPods();
      expect(now.filter((uid) => podsBefore.includes(uid))).toEqual([]);
      expect(now).toHaveLength(2);
    });
    await isReady();
    expect(message).toContain('mnsoss-secret');
    expect(await stage.subscriptions()).toHaveLength(1);
  });

  test('the controller reports a deleted topic, and subscribes when it exists again', async () => {
    await deleteTopic(stage);
    await stage.condition('QueueReady', { status: 'False', reason: 'TopicNotFound' });

    await stage.mns.createTopic(stage.topic);

    await isReady();
    expect(await stage.subscriptions()).toHaveLength(1);
  });

  test('the controller reports a missing sink, and binds it when it exists', async () => {
    await stage.kubectl('delete broker default');
    await stage.condition('SinkProvided', { status: 'False', reason: 'SinkNotFound' });

    await stage.kubectl('apply -f knative/walkthrough/304-service-account-and-broker.yaml');

    await isReady();
    const broker = await stage.cluster.client.get(RESOURCES.brokers, 'default', 'default');
    const url = at(broker, 'status', 'address', 'url');
    expect(at(await stage.source(), 'status', 'sinkUri')).toBe(url);
    expect(at(await pollers(), 'spec', 'template', 'spec', 'containers', 0, 'env')).toContainEqual({
      name: 'K_SINK',
      value: url,
    });
  });

  test('the status says what is wrong with a Secret', async () => {
    await stage.kubectl('delete secret mnsoss-secret');
    await stage.condition('CredentialsProvided', { status: 'False', reason: 'SecretMissing' });
    await stage.kubectl('apply -f -', await secret(Buffer.from('no token').toString('base64')));
    await stage.condition('CredentialsProvided', { status: 'False', reason: 'TokenMalformed' });

    await stage.kubectl('apply -f -', await secret(stage.token));

    await isReady();
  });

  test.runIf(HAS_FAULTS)(
    'no request of the controller was forbidden, and it used all its permissions for Secrets and leases',
    () => {
      const { access } = stage.cluster.api!;

      expect(access.refused).toEqual([]);
      expect(access.unused({ name: 'mnsoss-controller-lease', namespace: 'mnsoss-system' })).toEqual([]);
      expect(access.unused({ name: 'mnsoss-token-reader' })).toEqual([]);
      expect(access.unused({ name: 'mnsoss-poller-writer' })).toEqual([]);
    },
  );
});

async function uidsOfPods(): Promise<string[]> {
  const query = { labelSelector: 'eventing.knative.dev/sourceName=mnsoss-face' };
  const { items } = await stage.cluster.client.list(RESOURCES.pods, 'default', query);
  return items
    .filter((pod: KubeObject) => !pod.metadata.deletionTimestamp)
    .map(({ metadata }) => metadata.uid);
}

async function deleteTopic({ cloud, topic }: Stage): Promise<void> {
  const http = createHttpClient();
  const send = createMnsRequests({
    endpoint: cloud.mns.url,
    credentials: staticCredentials(cloud.credentials),
    clock: systemClock,
    timeoutMs: 10_000,
    http,
  });
  await send({ method: 'DELETE', path: `/topics/${topic}` });
  await http.close();
}
