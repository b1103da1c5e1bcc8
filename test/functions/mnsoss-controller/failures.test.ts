import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../functions/mnsoss-controller/kubernetes/resources.ts';
import { aBroker, aSecret, aSource, secretOf, TOPIC } from './objects.ts';
import { actForOthers, definitionOf, startWorld, type World } from './world.ts';

interface Failure {
  readonly reason: string;
  readonly condition: string;
  /** What is changed in a world in which everything is there. */
  readonly spec?: object;
  readonly break?: (world: World) => Promise<unknown>;
  readonly mend: (world: World) => Promise<unknown>;
  /** What the message tells a person. */
  readonly tells: string;
}

const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'default', name: 'mns-token' } };
const url = (world: World) => world.cloud.mns.url;
const keyOf = ({ cloud }: World) => cloud.credentials;

const FAILURES: readonly Failure[] = [
  {
    reason: 'SecretMissing',
    condition: 'CredentialsProvided',
    break: (world) => world.delete(secret),
    mend: (world) => world.apply(aSecret(world.cloud)),
    tells: 'Secret mns-token does not exist in namespace default: create it with a key mns',
  },
  {
    reason: 'SecretKeyMissing',
    condition: 'CredentialsProvided',
    break: async (world) => {
      await world.delete(secret);
      await world.apply(secretOf({ token: 'x', other: 'y' }));
    },
    mend: (world) => world.apply(aSecret(world.cloud)),
    tells: 'has no key mns; it has: token, other',
  },
  {
    reason: 'TokenMalformed',
    condition: 'CredentialsProvided',
    break: (world) => world.apply(secretOf({ mns: JSON.stringify({ url: url(world), accessKeyId: 'a' }) })),
    mend: (world) => world.apply(aSecret(world.cloud)),
    tells: 'missing or invalid: accessKeySecret',
  },
  {
    reason: 'TokenMalformed',
    condition: 'CredentialsProvided',
    break: (world) =>
      world.apply(secretOf({ mns: JSON.stringify({ ...keyOf(world), url: `${url(world)}/topics` }) })),
    mend: (world) => world.apply(aSecret(world.cloud)),
    tells: 'MNS endpoint must be http(s)://host[:port] without a path',
  },
  {
    reason: 'CredentialsRejected',
    condition: 'CredentialsProvided',
    break: (world) =>
      world.apply(
        secretOf({ mns: JSON.stringify({ url: url(world), ...keyOf(world), accessKeySecret: 'no' }) }),
      ),
    mend: (world) => world.apply(aSecret(world.cloud)),
    tells: 'MNS refuses the key in Secret mns-token',
  },
  {
    reason: 'EndpointRefused',
    condition: 'CredentialsProvided',
    break: (world) =>
      world.apply(secretOf({ mns: JSON.stringify({ ...keyOf(world), url: 'http://169.254.169.254' }) })),
    mend: (world) => world.apply(aSecret(world.cloud)),
    tells: '169.254.169.254 is not an endpoint of MNS: correct url, or add the host to MNS_ENDPOINTS',
  },
  {
    reason: 'SecretForbidden',
    condition: 'CredentialsProvided',
    break: (world) => world.delete(tokenReaders([])),
    mend: (world) => world.apply(tokenReaders([CONTROLLER])),
    tells: 'apply knative/namespace there',
  },
  {
    reason: 'TopicNotFound',
    condition: 'QueueReady',
    spec: { topic: 'mns-en-topics-oss-later' },
    mend: (world) => world.mns.createTopic('mns-en-topics-oss-later'),
    tells: 'topic mns-en-topics-oss-later does not exist: create the event rule',
  },
  {
    reason: 'QueueNotFound',
    condition: 'QueueReady',
    spec: { topic: undefined, queue: 'later' },
    mend: (world) => world.mns.createQueue('later'),
    tells: 'queue later does not exist',
  },
  {
    reason: 'SinkNotFound',
    condition: 'SinkProvided',
    spec: { sink: { ref: { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', name: 'later' } } },
    mend: (world) => world.apply(aBroker('later')),
    tells: 'Broker later (eventing.knative.dev/v1) in namespace default does not exist: create it',
  },
  {
    reason: 'DeadLetterSinkNotFound',
    condition: 'DeadLetterSinkResolved',
    spec: { delivery: { deadLetterSink: { ref: { apiVersion: 'v1', kind: 'Service', name: 'letters' } } } },
    mend: (world) =>
      world.apply({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { namespace: 'default', name: 'letters' },
        spec: { ports: [{ port: 80 }] },
      }),
    tells: 'Service letters (v1) in namespace default does not exist',
  },
  {
    reason: 'DeadLetterSinkUnsupported',
    condition: 'DeadLetterSinkResolved',
    spec: { delivery: { deadLetterSink: { ref: { apiVersion: 'x.dev/v1', kind: 'Sink', name: 'a' } } } },
    mend: (world) =>
      world.apply(aSource({ delivery: { deadLetterSink: { uri: 'http://letters.example/' } } })),
    tells: 'give spec.delivery.deadLetterSink.uri',
  },
  {
    reason: 'NameTaken',
    condition: 'Deployed',
    break: (world) => world.apply(foreignDeployment),
    mend: (world) => world.delete(foreignDeployment),
    tells: "exists and is not this source's",
  },
];

const CONTROLLER = { kind: 'ServiceAccount', name: 'mnsoss-controller', namespace: 'mnsoss-system' };

function tokenReaders(subjects: object[]): KubeObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { namespace: 'default', name: 'mnsoss-token-reader' },
    subjects,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'mnsoss-token-reader' },
  } as KubeObject;
}

const labels = { app: 'somebody-else' };
const foreignDeployment: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'default', name: 'uploads-mnsoss-poller' },
  spec: {
    replicas: 0,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'theirs', image: 'theirs' }] } },
  },
};

async function startAll(options = {}) {
  const world = await startWorld(options);
  const others = actForOthers(world);
  await world.mns.createTopic(TOPIC);
  await world.apply(aSecret(world.cloud));
  return { ...world, ...others };
}

describe('source with a fault', () => {
  test.each(FAILURES)('a source reports $reason and becomes ready when that is fixed', async (failure) => {
    const world = await startAll();
    await world.apply(aBroker());
    await failure.break?.(world);
    await world.start();

    await world.apply(aSource(failure.spec));
    const broken = await world.whenCondition('Ready', { status: 'False', reason: failure.reason });
    const condition = broken.status?.conditions?.find(({ type }) => type === failure.condition);
    const event = await world.whenEvent(failure.reason);
    await failure.mend(world);
    const mended = await world.whenReady();

    expect(condition).toMatchObject({ status: 'False', reason: failure.reason });
    expect(condition?.message).toContain(failure.tells);
    expect(event).toMatchObject({
      type: 'Warning',
      involvedObject: { kind: 'MnsOssSource', name: 'uploads' },
    });
    expect(mended.status?.conditions?.every(({ status }) => status === 'True')).toBe(true);
    expect(JSON.stringify([broken, mended, event]) + world.log.join('')).not.toContain(
      world.cloud.credentials.accessKeySecret,
    );
  });

  test('a source reports KnativeMissing until Knative is installed', async () => {
    const world = await startAll({ knative: false });
    await world.start();

    await world.apply(aSource({ sink: { uri: 'http://sink.example/' } }));
    const broken = await world.whenCondition('SinkProvided', { status: 'False', reason: 'KnativeMissing' });
    await world.apply(definitionOf('SinkBinding'));
    await world.whenReady();

    expect(broken.status?.conditions?.[0]?.message).toContain('install Knative Eventing 1.15 or later');
  });

  test('a source reports why pods cannot be created', async () => {
    const world = await startAll();
    await world.apply(aBroker());
    world.refusePods('serviceaccount "absent" not found');
    await world.start();

    await world.apply(aSource());
    const { status } = await world.whenCondition('Ready', { status: 'False', reason: 'FailedCreate' });

    expect(status?.conditions?.[0]?.message).toBe(
      '0 of 1 pollers are ready; pods cannot be created: serviceaccount "absent" not found',
    );
  });
});
