import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../functions/mnsoss-controller/kubernetes/resources.ts';
import { TOKEN_HASH_ANNOTATION } from '../../../functions/mnsoss-controller/source/names.ts';
import { aBroker, aSecret, aSource, secretOf, TOPIC } from './objects.ts';
import { actForOthers, installManifests, looseDefinition, startWorld, until, type World } from './world.ts';

async function startAll(): Promise<World> {
  const world = await startWorld();
  actForOthers(world);
  await world.mns.createTopic(TOPIC);
  await world.apply(aBroker());
  await world.apply(aSecret(world.cloud));
  return world;
}

interface PodTemplate {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly [{ env: readonly { name: string; value?: string }[] }] };
}

const templateOf = (deployment: KubeObject | undefined): PodTemplate =>
  (deployment!.spec as { template: PodTemplate }).template;

function envOf(deployment: KubeObject | undefined): Record<string, unknown> {
  const [container] = templateOf(deployment).spec.containers;
  return Object.fromEntries(container.env.map(({ name, ...rest }) => [name, rest.value ?? rest]));
}

describe('reconcile', () => {
  test('a source becomes ready with a queue that its topic fills, and pollers that read it', async () => {
    const world = await startAll();
    await world.start();

    await world.apply(aSource());
    const { status, metadata } = await world.whenReady();
    await world.mns.publish(TOPIC, 'hello');
    const [message] = await world.mns.queue(status!.queue!).receive({ max: 1, waitSeconds: 2 });
    const deployment = await world.deployment();

    expect(message?.body).toBe('hello');
    expect(status).toMatchObject({
      observedGeneration: 1,
      sinkUri: 'http://broker-ingress/default/default',
      topic: TOPIC,
      queue: expect.stringMatching(/^mns-en-topics-oss-uploads-[0-9a-f]{10}$/),
      subscription: expect.stringMatching(/^mnsoss-[0-9a-f]{10}$/),
      deadLetters: `mns:${status!.queue}-dead`,
      consumers: 1,
      selector: 'eventing.knative.dev/source=mnsoss,eventing.knative.dev/sourceName=uploads',
      ceAttributes: expect.arrayContaining([{ type: 'oss:ObjectCreated:PutObject', source: 'acs.oss' }]),
    });
    expect(metadata.finalizers).toEqual(['mnsosssources.sources.eventing.knative.dev']);
    expect(envOf(deployment)).toMatchObject({
      MNS_QUEUE: status!.queue,
      MNS_TOKEN: { valueFrom: { secretKeyRef: { name: 'mns-token', key: 'mns' } } },
      DEAD_LETTERS: status!.deadLetters,
    });
    expect(JSON.stringify(deployment)).not.toContain(world.cloud.credentials.accessKeySecret);
  });

  test('a source configures its pollers with the delivery and concurrency of its spec', async () => {
    const world = await startAll();
    await world.start();
    await world.mns.createQueue('mine');

    await world.apply(
      aSource({
        queue: 'mine',
        topic: undefined,
        consumers: 3,
        concurrency: 4,
        batch: 2,
        visibilityTimeout: 90,
        resources: { limits: { memory: '1Gi', cpu: 2 } },
        serviceAccountName: 'mnsoss-sa',
        ceOverrides: { extensions: { stage: 'test' } },
        delivery: { retry: 4, timeout: 'PT1M30S', deadLetterSink: { ref: aReference(), uri: '/letters' } },
      }),
    );
    const broker = { ...aBroker(), status: { address: { url: 'http://broker-ingress/default/default' } } };
    await world.admin.applyStatus(BROKERS, broker);
    await world.whenReady();
    const deployment = await world.deployment();
    const binding = await world.binding();

    expect(envOf(deployment)).toMatchObject({
      MNS_QUEUE: 'mine',
      CONCURRENCY: '4',
      PREFETCH: '2',
      VISIBILITY_SECONDS: '90',
      MAX_DEQUEUE_COUNT: '5',
      SINK_TIMEOUT_SECONDS: '90',
      DEAD_LETTERS: 'http://broker-ingress/letters',
    });
    expect(deployment?.spec).toMatchObject({
      replicas: 3,
      template: {
        spec: {
          serviceAccountName: 'mnsoss-sa',
          automountServiceAccountToken: false,
          containers: [{ resources: { limits: { memory: '1Gi', cpu: '2' } } }],
        },
      },
    });
    expect(binding?.spec).toMatchObject({ ceOverrides: { extensions: { stage: 'test' } } });
  });

  test('a source restarts its pollers when its Secret changes, and writes the secret nowhere', async () => {
    const world = await startAll();
    await world.start();
    await world.apply(aSource());
    await world.whenReady();
    const before = templateOf(await world.deployment()).metadata.annotations[TOKEN_HASH_ANNOTATION];

    const { accessKeyId, accessKeySecret, securityToken } = world.cloud.issueCredentials();
    const token = { url: world.cloud.mns.url, accessKeyId, accessKeySecret, securityToken };
    await world.apply(secretOf({ mns: JSON.stringify(token) }));
    const after = await until(async () => {
      const hash = templateOf(await world.deployment()).metadata.annotations[TOKEN_HASH_ANNOTATION];
      return hash !== before && hash;
    });
    await world.whenReady();

    expect(after).toMatch(/^[0-9a-f]{16}$/);
    expect(
      JSON.stringify([await world.deployment(), await world.source()]) + world.log.join(''),
    ).not.toContain(accessKeySecret);
  });

  test('a source creates its queue and subscription again when they are deleted', async () => {
    const world = await startAll();
    await world.start();
    await world.apply(aSource());
    const { status } = await world.whenReady();

    await world.mns.unsubscribe(TOPIC, status!.subscription!);
    await world.mns.deleteQueue(status!.queue!);
    await until(async () => (await world.subscriptions(TOPIC)).length === 1);
    await world.mns.publish(TOPIC, 'hello');

    const [message] = await world.mns.queue(status!.queue!).receive({ max: 1, waitSeconds: 2 });
    expect(message?.body).toBe('hello');
  });

  test('a source follows a spec that names another topic, and deletes the old queue', async () => {
    const world = await startAll();
    await world.mns.createTopic('other');
    await world.start();
    await world.apply(aSource());
    const first = await world.whenReady();

    await world.apply(aSource({ topic: 'other' }));
    const second = await until(async () => {
      const source = await world.whenReady();
      return source.status?.topic === 'other' && source;
    });

    expect(second.status?.made?.queues).toEqual([second.status?.queue, `${second.status?.queue}-dead`]);
    expect(second.status?.made?.subscriptions).toEqual([
      { topic: 'other', name: second.status?.subscription },
    ]);
    await expect(world.mns.queue(first.status!.queue!).attributes()).rejects.toMatchObject({
      code: 'QueueNotExist',
    });
    expect(await world.subscriptions(TOPIC)).toEqual([]);
  });

  test('a source moves to a given queue without a moment in which no queue is subscribed', async () => {
    const world = await startAll();
    await world.start();
    await world.apply(aSource());
    const first = await world.whenReady();
    const left = world.cloud.faults.inject({ operation: 'Unsubscribe', rate: 1, kind: 'error' });

    await world.apply(aSource({ queue: 'mine' }));
    await until(async () => (await world.subscriptions(TOPIC)).length === 2);
    left();
    await until(async () => (await world.subscriptions(TOPIC)).length === 1);
    const second = await world.whenReady();
    await world.mns.publish(TOPIC, 'hello');

    const [message] = await world.mns.queue('mine').receive({ max: 1, waitSeconds: 2 });
    expect(message?.body).toBe('hello');
    expect(second.status?.made?.queues).toEqual(['mine', 'mine-dead']);
    expect(await world.hasQueue(first.status!.queue!)).toBe(false);
  });

  test('a source has as many pollers as consumers, and none with zero', async () => {
    const world = await startAll();
    await world.start();
    await world.apply(aSource({ consumers: 2 }));
    await world.whenReady();

    await world.apply(aSource({ consumers: 0 }));
    await world.whenCondition('Deployed', { status: 'True', reason: 'ScaledToZero' });
    await until(async () => (await world.source()).status?.consumers === 0);

    expect(await world.deployment()).toMatchObject({ spec: { replicas: 0 } });
  });

  test('a source stays ready while MNS does not answer for a moment', async () => {
    const world = await startAll();
    await world.start();
    await world.apply(aSource());
    await world.whenReady();

    const withdraw = world.cloud.faults.inject({ operation: 'CreateQueue', rate: 1, kind: 'error' });
    const passes = await reconciles(world);
    await until(async () => (await reconciles(world)) > passes + 1);
    const { status } = await world.source();
    withdraw();

    expect(status?.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'True' });
  });

  test('a source that was never ready reports that MNS does not answer', async () => {
    const world = await startAll();
    await world.start();
    const withdraw = world.cloud.faults.inject({ operation: 'CreateQueue', rate: 1, kind: 'error' });

    await world.apply(aSource());
    await world.whenCondition('QueueReady', { status: 'Unknown', reason: 'MnsUnavailable' });
    withdraw();

    await world.whenReady();
  });
});

describe('migration', () => {
  test('a source of an older definition continues when this definition replaces it', async () => {
    const world = await startAll();
    const definition = (await installManifests()).find(({ kind }) => kind === 'CustomResourceDefinition')!;
    await world.delete(definition);
    await until(async () => !(await world.source().catch(() => undefined)));
    await world.apply(
      looseDefinition('sources.eventing.knative.dev', 'mnsosssources', 'MnsOssSource', 'v1alpha1'),
    );
    const sink = { apiVersion: 'eventing.knative.dev/v1alpha1', kind: 'Broker', name: 'default' };
    await until(async () => world.apply(aSource({ sink })).catch(() => undefined));

    await world.apply(definition);
    await world.start();
    const { status } = await world.whenReady();
    const event = await world.whenEvent('LegacySink');

    expect(status).toMatchObject({ consumers: 1, sinkUri: 'http://broker-ingress/default/default' });
    expect(event).toMatchObject({ type: 'Warning' });
  });
});

const BROKERS = { group: 'eventing.knative.dev', version: 'v1', plural: 'brokers', kind: 'Broker' };
const aReference = () => ({ apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', name: 'default' });

/** Passes so far, as the lease's other effects do not show. */
async function reconciles(world: World): Promise<number> {
  const text = await (await world.get('/metrics')).text();
  return [...text.matchAll(/^mnsoss_controller_reconciles_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}
