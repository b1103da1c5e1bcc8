import { at } from '../api/types.ts';
import type { Client } from '../client/client.ts';
import { type Informer, keyOf, startInformer } from '../client/informer.ts';
import { createReconciler } from '../client/reconciler.ts';
import { pathOf, RESOURCES } from '../client/resources.ts';
import { type Deployment, reconcileDeployment } from './deployments.ts';
import type { Images } from './images.ts';
import { startLogServer } from './logs.ts';
import type { Pod } from './pod.ts';
import { type RunningPod, startPod } from './pods.ts';

export interface KubeletOptions {
  readonly client: Client;
  readonly images: Images;
  /** A kubeconfig with this token, for programs that use the API. */
  readonly kubeconfigWith: (token: string) => string;
  readonly onError?: (key: string, error: unknown) => void;
}

export interface Kubelet {
  /** Output of the containers of the pods with this label so far, including deleted pods. */
  logs(label: string, value: string): string;
  /** Last output of containers that are not ready. */
  troubles(): string[];
  /** Ends all programs. */
  stop(): Promise<void>;
}

/** The name of the one node. */
export const NODE = 'loopback';

/** A pod of this node. `running` is set once the pod is started. */
interface Entry {
  readonly pod: Pod;
  readonly started: Promise<RunningPod>;
  running?: RunningPod;
}

/** One node that runs pods as child processes, and the controller of Deployments. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { client, images, kubeconfigWith, onError = () => {} } = options;
  const entries = new Map<string, Entry>();
  const ended: { labels: Record<string, string>; text: string }[] = [];

  async function kubeconfigFor(namespace: string, serviceAccount: string): Promise<string> {
    const path = `${pathOf(RESOURCES.serviceAccounts, namespace, serviceAccount)}/token`;
    const issued = await client.send('POST', path, { body: { spec: { expirationSeconds: 3600 } } });
    return kubeconfigWith(String(at(issued, 'status', 'token')));
  }

  async function reconcilePod(key: string): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const pod = pods.get(namespace, name) as Pod | undefined;
    if (pod?.metadata.deletionTimestamp) void end(pod).catch((error) => onError(key, error));
    else if (pod?.spec.nodeName === NODE && !entries.has(pod.metadata.uid)) await start(key, pod);
    await killVanished();
  }

  async function start(key: string, pod: Pod): Promise<void> {
    const { uid } = pod.metadata;
    const host = { client, images, kubeconfigFor, onError: (error: unknown) => onError(key, error) };
    const entry: Entry = { pod, started: startPod(host, pod) };
    entries.set(uid, entry);
    try {
      entry.running = await entry.started;
    } catch (error) {
      entries.delete(uid);
      throw error;
    }
  }

  async function end({ metadata }: Pod): Promise<void> {
    const entry = entries.get(metadata.uid);
    if (!entry) return;
    entries.delete(metadata.uid);
    const running = await entry.started;
    await running.end((metadata.deletionGracePeriodSeconds ?? 30) * 1000);
    ended.push({ labels: metadata.labels ?? {}, text: textOf(running) });
  }

  /** Pods that are deleted by force get no grace period. */
  async function killVanished(): Promise<void> {
    const present = new Set(pods.list().map(({ metadata }) => metadata.uid));
    for (const [uid, { started }] of entries) {
      if (present.has(uid)) continue;
      entries.delete(uid);
      await (await started).kill();
    }
  }

  const podWork = createReconciler(reconcilePod, onError);
  const deploymentWork = createReconciler(async (key) => {
    const [namespace = '', name = ''] = key.split('/');
    const deployment = deployments.get(namespace, name) as Deployment | undefined;
    if (deployment) await reconcileDeployment(client, pods, deployment, NODE);
  }, onError);
  const pods: Informer = startInformer(client, RESOURCES.pods, (pod) => {
    podWork.enqueue(keyOf(pod));
    for (const { kind, name } of pod.metadata.ownerReferences ?? []) {
      if (kind === 'Deployment') deploymentWork.enqueue(`${pod.metadata.namespace}/${name}`);
    }
  });
  const deployments = startInformer(client, RESOURCES.deployments, (it) => deploymentWork.enqueue(keyOf(it)));
  // A mounted Secret changes while the program runs; one in the environment does not.
  const secrets = startInformer(client, RESOURCES.secrets, ({ metadata }) => {
    for (const { pod, running } of entries.values()) {
      const isMounted = pod.spec.volumes?.some(({ secret }) => secret?.secretName === metadata.name);
      if (isMounted) void running?.refresh().catch((error) => onError(keyOf(pod), error));
    }
  });
  const logServer = await startLogServer((namespace, name, container) => {
    const found = [...entries.values()].find(({ pod }) => keyOf(pod) === `${namespace}/${name}`);
    return found?.running?.containers.get(container);
  });
  await registerNode(client, logServer.port);
  await Promise.all([pods.synced, deployments.synced, secrets.synced]);

  return {
    logs(label, value) {
      const living = [...entries.values()].flatMap(({ pod, running }) =>
        running ? [{ labels: pod.metadata.labels ?? {}, text: textOf(running) }] : [],
      );
      return [...ended, ...living]
        .filter(({ labels }) => labels[label] === value)
        .map(({ text }) => text)
        .join('');
    },
    troubles: () =>
      [...entries.values()].flatMap(({ pod, running }) =>
        [...(running?.containers ?? [])]
          .filter(([, container]) => !container.state().ready)
          .map(([name, container]) => `${keyOf(pod)} ${name}: ${container.log().slice(-500)}`),
      ),
    async stop() {
      for (const informer of [pods, deployments, secrets]) informer.stop();
      await Promise.all([podWork.stop(), deploymentWork.stop()]);
      await Promise.all([...entries.values()].map(async ({ started }) => (await started).kill()));
      await logServer.close();
    },
  };
}

const textOf = ({ containers }: RunningPod) =>
  [...containers.values()].map((container) => container.log()).join('');

async function registerNode(client: Client, port: number): Promise<void> {
  await client.apply(RESOURCES.nodes, { metadata: { name: NODE } }, 'kubelet');
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
  };
  await client.patch(RESOURCES.nodes, '', NODE, 'merge', { status }, 'status');
}
