import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { type ApiServer, startApiServer } from './api/server.ts';
import { type Client, createClient } from './client/client.ts';
import { startCollector } from './client/collector.ts';
import { RESOURCES } from './client/resources.ts';
import { type Knative, startKnative } from './knative/index.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { findKubectl, runKubectl, type Said } from './kubectl.ts';
import type { Images } from './kubelet/images.ts';
import { type Kubelet, NODE, startKubelet } from './kubelet/index.ts';

export interface Cluster {
  readonly client: Client;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Undefined for an external cluster, which has no fault injection. */
  readonly api: ApiServer | undefined;
  readonly kubelet: Kubelet | undefined;
  readonly knative: Knative | undefined;
  /** Runs kubectl. Throws where there is no kubectl. */
  kubectl(args: readonly string[], input?: string): Promise<Said>;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly images: Images;
  /** Path of the kubeconfig of an external cluster, which the tests may change freely. Default: our test API. */
  readonly kubeconfig?: string | undefined;
  /** Called for errors of the test components, which then retry. */
  readonly onError?: (key: string, error: unknown) => void;
}

/**
 * A test cluster. An external cluster uses its own kubelets, controllers and Knative. Missing components
 * are started here, as clients of its API.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { images, onError = () => {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  const api = options.kubeconfig ? undefined : await startApiServer();
  const kubeconfig = options.kubeconfig ?? join(folder, 'kubeconfig');
  if (api) await writeFile(kubeconfig, kubeconfigOf(api));
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const client = createClient(config);

  const [hasNodes, hasControllers, hasKnative] = await Promise.all([
    client.list(RESOURCES.nodes).then(({ items }) => items.some(({ metadata }) => metadata.name !== NODE)),
    client.get(RESOURCES.leases, 'kube-system', 'kube-controller-manager'),
    client.get(RESOURCES.deployments, 'knative-eventing', 'eventing-controller'),
  ]);
  const kubeconfigWith = (token: string) => withToken(config, token);
  const knative = hasKnative ? undefined : await startKnative(client, onError);
  const collector = api || hasControllers ? undefined : startCollector(client, onError);
  const kubelet = hasNodes ? undefined : await startKubelet({ client, images, kubeconfigWith, onError });
  const kubectlPath = findKubectl();
  return {
    client,
    kubeconfig,
    api,
    kubelet,
    knative,
    kubectl(args, input) {
      if (!kubectlPath) throw new Error('there is no kubectl: npm run test:knative fetches one');
      return runKubectl({ path: kubectlPath, kubeconfig, home: folder }, args, input);
    },
    async stop() {
      await kubelet?.stop();
      await knative?.stop();
      await collector?.stop();
      await api?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function withToken(config: KubeConfig, token: string): string {
  const { server, caData, caFile, skipTLSVerify } = config.getCurrentCluster()!;
  const cluster = {
    server,
    ...(caData && { 'certificate-authority-data': caData }),
    ...(caFile && { 'certificate-authority': caFile }),
    ...(skipTLSVerify && { 'insecure-skip-tls-verify': true }),
  };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'cluster', cluster }],
    users: [{ name: 'pod', user: { token } }],
    contexts: [{ name: 'pod', context: { cluster: 'cluster', user: 'pod' } }],
    'current-context': 'pod',
  });
}
