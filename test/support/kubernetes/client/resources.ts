/** Kinds that the reconcilers and tests use, with their paths. */
export const RESOURCES = {
  namespaces: { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', cluster: true },
  nodes: { apiVersion: 'v1', kind: 'Node', plural: 'nodes', cluster: true },
  pods: { apiVersion: 'v1', kind: 'Pod', plural: 'pods' },
  secrets: { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' },
  configMaps: { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' },
  coreServices: { apiVersion: 'v1', kind: 'Service', plural: 'services' },
  serviceAccounts: { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts' },
  deployments: { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments' },
  leases: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' },
  crds: {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    cluster: true,
  },
  brokers: { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', plural: 'brokers' },
  triggers: { apiVersion: 'eventing.knative.dev/v1', kind: 'Trigger', plural: 'triggers' },
  services: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', plural: 'services' },
  sinkBindings: { apiVersion: 'sources.knative.dev/v1', kind: 'SinkBinding', plural: 'sinkbindings' },
  containerSources: {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'ContainerSource',
    plural: 'containersources',
  },
} as const satisfies Record<string, KnownResource>;

export interface KnownResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly cluster?: boolean;
}

/** The path of a collection or of an object in it. Without a namespace: all namespaces. */
export function pathOf(
  { apiVersion, plural, cluster }: KnownResource,
  namespace?: string,
  name?: string,
): string {
  const root = apiVersion.includes('/') ? '/apis' : '/api';
  const place = namespace && !cluster ? `/namespaces/${namespace}` : '';
  return `${root}/${apiVersion}${place}/${plural}${name ? `/${name}` : ''}`;
}
