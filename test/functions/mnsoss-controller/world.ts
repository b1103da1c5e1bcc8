import { readdir, readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { CoreV1Api, KubernetesObjectApi } from '@kubernetes/client-node';
import { onTestFailed, onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Cluster, connectCluster } from '../../../functions/mnsoss-controller/kubernetes/cluster.ts';
import {
  apiVersionOf,
  type KubeObject,
  RESOURCES,
  type Resource,
} from '../../../functions/mnsoss-controller/kubernetes/resources.ts';
import { CONTROLLER_OPTIONS, type ControllerOptions } from '../../../functions/mnsoss-controller/options.ts';
import type { Source } from '../../../functions/mnsoss-controller/source/source.ts';
import type { Condition } from '../../../functions/mnsoss-controller/source/status-schema.ts';
import { type RunningController, startController } from '../../../functions/mnsoss-controller/start.ts';
import { startLocalCloud } from '../../../local/cloud.ts';
import { createMnsRequests } from '../../../shared/mns/requests.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { isAppError } from '../../../shared/runtime/errors.ts';
import { createHttpClient } from '../../../shared/runtime/http.ts';
import { createLogger } from '../../../shared/runtime/log.ts';
import { readOptions } from '../../../shared/runtime/options.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';
import { kubeConfig } from '../../support/kubernetes/kubeconfig.ts';
import { startTestApi } from '../../support/kubernetes/start.ts';
import { createTopicClient } from '../../support/mns-topics.ts';

/** The installation, in the order in which it is applied. */
export const installManifests = (): Promise<KubeObject[]> => manifestsIn('install');

/** What a namespace with sources needs. */
async function namespaceManifests(): Promise<KubeObject[]> {
  const objects = await manifestsIn('namespace');
  return objects.map((object) => ({ ...object, metadata: { ...object.metadata, namespace: 'default' } }));
}

async function manifestsIn(folder: string): Promise<KubeObject[]> {
  const path = new URL(`../../../knative/${folder}/`, import.meta.url);
  const names = (await readdir(path)).filter((name) => /^\d+-.*\.yaml$/.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, path), 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as KubeObject));
}

/** A kind of Knative, as far as a controller that only reads and applies it sees it. */
export function looseDefinition(group: string, plural: string, kind: string, version = 'v1'): KubeObject {
  const loose = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: loose, status: loose } } },
        },
      ],
    },
  };
}

const KNATIVE: readonly KubeObject[] = [
  looseDefinition('sources.knative.dev', 'sinkbindings', 'SinkBinding'),
  looseDefinition('eventing.knative.dev', 'brokers', 'Broker'),
  looseDefinition('messaging.knative.dev', 'channels', 'Channel'),
  looseDefinition('serving.knative.dev', 'services', 'Service'),
];

export const definitionOf = (kind: string): KubeObject =>
  KNATIVE.find(({ spec }) => (spec as { names: { kind: string } }).names.kind === kind)!;

function resourceOf({ apiVersion, kind }: KubeObject): Resource {
  const [version, group = ''] = apiVersion.split('/').reverse() as [string, string?];
  return { group, version, kind, plural: `${kind.toLowerCase()}s`.replace(/ys$/, 'ies') };
}

/** Waits for something to be so, or to be found; the test's own limit ends it. */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await systemClock.sleep(20);
  }
}

export type World = Awaited<ReturnType<typeof startWorld>>;

/** An API server with our installation and Knative's kinds, a cloud, and whoever acts in both. */
export async function startWorld({ knative = true } = {}) {
  const { api, config } = await startTestApi();
  const cloud = await startLocalCloud();
  onTestFinished(() => cloud.close());
  const admin = connectCluster(config);
  const objects = KubernetesObjectApi.makeApiClient(config);
  // Not by the typed client, which knows a definition's schema under other names and would drop them.
  const apply = (object: KubeObject) => admin.apply(resourceOf(object), object);
  const http = createHttpClient();
  const mnsOptions = {
    endpoint: cloud.mns.url,
    credentials: staticCredentials(cloud.credentials),
    clock: systemClock,
    timeoutMs: 5_000,
  };
  const mns = createTopicClient({ ...mnsOptions, http });
  onTestFinished(() => http.close());

  const installed = [...(await installManifests()), ...(await namespaceManifests())];
  for (const object of [...installed, ...(knative ? KNATIVE : [])]) {
    await apply(object);
  }
  const log: string[] = [];
  const ports: number[] = [];
  onTestFailed(() => void process.stderr.write(log.join('')));
  const token = async () => {
    const answer = await config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
      namespace: 'mnsoss-system',
      name: 'mnsoss-controller',
      body: { spec: { audiences: [], expirationSeconds: 3600 } },
    });
    return answer.status!.token;
  };

  const world = {
    api,
    cloud,
    admin,
    mns,
    log,
    apply,
    delete: (object: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>) => objects.delete(object as never),

    /** With exactly the permissions of the controller. */
    asController: async (): Promise<Cluster> => connectCluster(kubeConfig(api, await token())),

    /** A controller as its pod would run it, with exactly the permissions of the installation. */
    async start(overrides: Partial<ControllerOptions> = {}): Promise<RunningController> {
      const options = readOptions(CONTROLLER_OPTIONS, {
        POLLER_IMAGE: 'poller:test',
        POD_NAME: `replica-${log.length}-${Math.random()}`,
        REGION: cloud.region,
        FC_ACCOUNT_ID: cloud.accountId,
        MNS_ENDPOINTS: new URL(cloud.mns.url).host,
        RESYNC_SECONDS: '1',
        PORT: '0',
      });
      const controller = await startController(
        { ...options, ...overrides },
        {
          config: kubeConfig(api, await token()),
          clock: systemClock,
          random: seededRandom(1),
          logger: createLogger({ level: 'debug', write: (line) => void log.push(line) }),
        },
      );
      onTestFinished(() => controller.stop());
      ports.push(controller.port);
      return controller;
    },

    async source(name = 'uploads'): Promise<Source> {
      return (await admin.get(RESOURCES.source, 'default', name)) as Source;
    },
    /** The source, once its condition is as told. */
    whenCondition: (type: string, expected: Partial<Condition>, name = 'uploads'): Promise<Source> =>
      until(async () => {
        const source = (await admin.get(RESOURCES.source, 'default', name)) as Source | undefined;
        const condition = source?.status?.conditions?.find((one) => one.type === type);
        const current = source?.status?.observedGeneration === source?.metadata.generation;
        const holds = Object.entries(expected).every(
          ([field, value]) => condition?.[field as keyof Condition] === value,
        );
        return condition && current && holds ? source : undefined;
      }),
    whenReady: (name?: string): Promise<Source> => world.whenCondition('Ready', { status: 'True' }, name),
    whenGone: (name = 'uploads') => until(async () => !(await admin.get(RESOURCES.source, 'default', name))),
    deployment: (name = 'uploads') => admin.get(RESOURCES.deployment, 'default', `${name}-mnsoss-poller`),
    binding: (name = 'uploads') => admin.get(RESOURCES.binding, 'default', `${name}-mnsoss-sink`),
    events: async (): Promise<{ reason: string; type: string; message: string }[]> =>
      (await admin.list(RESOURCES.event)).items as never,
    whenEvent: (reason: string) =>
      until(async () => (await world.events()).find((event) => event.reason === reason)),
    whenLogged: (message: string) => until(() => log.some((line) => line.includes(message))),
    /** What an endpoint of the controller that was started last answers. */
    get: (path: string) => fetch(`http://127.0.0.1:${ports.at(-1)}${path}`),

    /** Names of a topic's subscriptions. */
    subscriptions: (topic: string): Promise<string[]> => mns.listSubscriptions(topic),
    hasQueue: (queue: string): Promise<boolean> =>
      mns
        .queue(queue)
        .attributes()
        .then(
          () => true,
          (error) => {
            if (isAppError(error, 'QueueNotExist')) return false;
            throw error;
          },
        ),
    deleteTopic: (topic: string) =>
      createMnsRequests({ ...mnsOptions, http })({ method: 'DELETE', path: `/topics/${topic}` }),
  };
  return world;
}

/**
 * Knative and the kubelet, as far as a controller sees them: sinks that exist are resolved, and Deployments become
 * available. What they say is written into the status, and nothing else is done.
 */
export function actForOthers({ admin }: Pick<World, 'admin'>) {
  let acting = true;
  let refusal: string | undefined;
  onTestFinished(() => {
    acting = false;
  });
  void (async () => {
    while (acting) {
      await actOnce(admin, refusal).catch(() => {}); // an API that is down is tried again
      await systemClock.sleep(30);
    }
  })();
  return {
    /** From now on, as admission would. */
    refusePods(message: string): void {
      refusal = message;
    },
  };
}

async function actOnce(admin: Cluster, refusal: string | undefined): Promise<void> {
  for (const binding of (await admin.list(RESOURCES.binding)).items) {
    const { ref, uri } = (binding.spec as { sink: { ref?: KubeObject['metadata'] & Resource; uri?: string } })
      .sink;
    const broker = { group: 'eventing.knative.dev', version: 'v1', plural: 'brokers', kind: 'Broker' };
    const exists = !ref || (await admin.get(broker, binding.metadata.namespace!, ref.name));
    const sinkUri = exists ? (uri ?? `http://broker-ingress/default/${ref!.name}`) : undefined;
    const ready = exists
      ? { type: 'Ready', status: 'True' }
      : { type: 'Ready', status: 'False', reason: 'NoAddressable', message: 'no address' };
    await say(admin, RESOURCES.binding, binding, { sinkUri, conditions: [ready] });
  }
  for (const deployment of (await admin.list(RESOURCES.deployment)).items) {
    if (deployment.metadata.namespace === 'mnsoss-system') continue;
    const { replicas } = deployment.spec as { replicas: number };
    await say(admin, RESOURCES.deployment, deployment, {
      replicas,
      readyReplicas: refusal ? 0 : replicas,
      conditions: refusal
        ? [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: refusal }]
        : [{ type: 'Available', status: 'True' }],
    });
  }
}

async function say(admin: Cluster, resource: Resource, object: KubeObject, status: object): Promise<void> {
  const full = { observedGeneration: object.metadata.generation, ...status };
  if (isDeepStrictEqual(full, object.status)) return;
  const { name, namespace } = object.metadata;
  await admin.applyStatus(resource, {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: { name, namespace: namespace! },
    status: full,
  });
}
