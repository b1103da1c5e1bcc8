/** The fields that every Kubernetes object has. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** Determines the path of an object. The core group is at `/api`, others at `/apis`. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

/** Every kind that the controller uses, and so everything that its roles must allow. */
export const RESOURCES = {
  source: {
    group: 'sources.eventing.knative.dev',
    version: 'v1alpha1',
    plural: 'mnsosssources',
    kind: 'MnsOssSource',
  },
  binding: { group: 'sources.knative.dev', version: 'v1', plural: 'sinkbindings', kind: 'SinkBinding' },
  deployment: { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' },
  secret: { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' },
  event: { group: '', version: 'v1', plural: 'events', kind: 'Event' },
  lease: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease' },
} as const satisfies Record<string, Resource>;

/** Kinds of sinks whose address the controller may look up. Others must be given as a URL. */
export const ADDRESSABLES: readonly Resource[] = [
  { group: 'eventing.knative.dev', version: 'v1', plural: 'brokers', kind: 'Broker' },
  { group: 'serving.knative.dev', version: 'v1', plural: 'services', kind: 'Service' },
  { group: 'messaging.knative.dev', version: 'v1', plural: 'channels', kind: 'Channel' },
  { group: '', version: 'v1', plural: 'services', kind: 'Service' },
];

export const apiVersionOf = ({ group, version }: Resource): string =>
  group === '' ? version : `${group}/${version}`;
