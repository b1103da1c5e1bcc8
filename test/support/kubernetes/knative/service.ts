import { at, type KubeObject, type Tree } from '../api/types.ts';
import type { Client } from '../client/client.ts';
import { RESOURCES } from '../client/resources.ts';
import { writeStatus } from './conditions.ts';

interface Probe extends Tree {
  httpGet?: Tree;
  tcpSocket?: Tree;
}

interface Container extends Tree {
  name?: string;
  ports?: { containerPort: number; name?: string }[];
  env?: Tree[];
  readinessProbe?: Probe;
  livenessProbe?: Probe;
}

interface Spec {
  readonly template: {
    readonly metadata?: {
      readonly labels?: Record<string, string>;
      readonly annotations?: Record<string, string>;
    };
    readonly spec: Tree & { readonly containers: Container[]; readonly timeoutSeconds?: number };
  };
}

export const SERVICE_LABEL = 'serving.knative.dev/service';
const DEFAULT_PORT = 8080;

/** The port of the container that takes requests. */
export const servingPort = (service: KubeObject): number =>
  (service.spec as Spec).template.spec.containers.find(({ ports }) => ports?.length)?.ports?.[0]
    ?.containerPort ?? DEFAULT_PORT;

/** Runs one revision as a Deployment, and sets the address of its router. */
export async function reconcileService(client: Client, service: KubeObject, url: string): Promise<void> {
  const { name, namespace, uid, generation, deletionTimestamp } = service.metadata;
  if (deletionTimestamp) return;
  const { template } = service.spec as Spec;
  const {
    containerConcurrency: _,
    timeoutSeconds = 300,
    responseStartTimeoutSeconds: __,
    idleTimeoutSeconds: ___,
    ...podSpec
  } = template.spec;
  const revision = `${name}-${String(generation).padStart(5, '0')}`;
  const labels = { [SERVICE_LABEL]: name, 'serving.knative.dev/configuration': name };
  const annotations = template.metadata?.annotations ?? {};
  const scale =
    annotations['autoscaling.knative.dev/initial-scale'] ??
    annotations['autoscaling.knative.dev/min-scale'] ??
    '1';
  const deployment = await client.apply(
    RESOURCES.deployments,
    {
      metadata: {
        name: `${name}-deployment`,
        namespace,
        labels,
        ownerReferences: [
          {
            apiVersion: service.apiVersion,
            kind: service.kind,
            name,
            uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: {
        replicas: Math.max(1, Number(scale)),
        selector: { matchLabels: labels },
        template: {
          metadata: { annotations, labels: { ...template.metadata?.labels, ...labels } },
          spec: {
            ...podSpec,
            terminationGracePeriodSeconds: timeoutSeconds,
            containers: podSpec.containers.map((container, index) =>
              complete(container, index, name, revision),
            ),
          },
        },
      },
    },
    'serving',
  );
  const isObserved = at(deployment, 'status', 'observedGeneration') === deployment.metadata.generation;
  const isUp =
    isObserved &&
    Number(at(deployment, 'status', 'updatedReplicas') ?? 0) > 0 &&
    Number(at(deployment, 'status', 'readyReplicas') ?? 0) > 0;
  const finding = isUp || {
    reason: 'Deploying',
    message: `revision ${revision} has no pod that is ready`,
    unknown: true,
  };
  await writeStatus(
    client,
    RESOURCES.services,
    service,
    { ConfigurationsReady: finding, RoutesReady: finding },
    {
      url,
      address: { url },
      latestCreatedRevisionName: revision,
      ...(isUp && { latestReadyRevisionName: revision }),
    },
  );
}

/** Adds to a container what Knative adds: a name, its port, the names of its Service, and the port of probes. */
function complete(container: Container, index: number, service: string, revision: string): Tree {
  const isServing = index === 0;
  if (!isServing) return container;
  const [{ containerPort = DEFAULT_PORT, ...port } = {}] = container.ports ?? [];
  const withPort = ({ httpGet, tcpSocket, ...timing }: Probe) => ({
    ...timing,
    ...(httpGet
      ? { httpGet: { port: containerPort, ...httpGet } }
      : { tcpSocket: { port: containerPort, ...tcpSocket } }),
  });
  return {
    ...container,
    name: container.name ?? 'user-container',
    ports: [{ name: 'user-port', ...port, containerPort, protocol: 'TCP' }],
    env: [
      ...(container.env ?? []),
      { name: 'PORT', value: String(containerPort) },
      { name: 'K_REVISION', value: revision },
      { name: 'K_CONFIGURATION', value: service },
      { name: 'K_SERVICE', value: service },
    ],
    readinessProbe: withPort(container.readinessProbe ?? {}),
    ...(container.livenessProbe && { livenessProbe: withPort(container.livenessProbe) }),
  };
}
