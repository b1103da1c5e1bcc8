import { ALL_VERBS, type Resource } from '../resource.ts';
import { columnsOf } from './columns.ts';
import { schemaOfModel } from './schemas.ts';

type Row = [model: string, plural: string, settings?: Partial<Settings>];

interface Settings {
  cluster: boolean;
  short: string;
  categories: string[];
  sub: string[];
  verbs: readonly string[];
  storage: string;
}

const GROUPS: Record<string, readonly Row[]> = {
  v1: [
    ['V1Namespace', 'namespaces', { cluster: true, short: 'ns', sub: ['status', 'finalize'] }],
    ['V1Node', 'nodes', { cluster: true, short: 'no', sub: ['status'] }],
    ['V1Pod', 'pods', { short: 'po', categories: ['all'], sub: ['status', 'log', 'binding'] }],
    ['V1Service', 'services', { short: 'svc', categories: ['all'], sub: ['status'] }],
    ['V1ServiceAccount', 'serviceaccounts', { short: 'sa', sub: ['token'] }],
    ['V1Secret', 'secrets'],
    ['V1ConfigMap', 'configmaps', { short: 'cm' }],
    ['CoreV1Event', 'events', { short: 'ev', storage: 'events' }],
  ],
  'apps/v1': [
    ['V1Deployment', 'deployments', { short: 'deploy', categories: ['all'], sub: ['status', 'scale'] }],
    ['V1ReplicaSet', 'replicasets', { short: 'rs', categories: ['all'], sub: ['status', 'scale'] }],
  ],
  'admissionregistration.k8s.io/v1': [
    ['V1ValidatingAdmissionPolicy', 'validatingadmissionpolicies', { cluster: true, sub: ['status'] }],
    ['V1ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings', { cluster: true }],
  ],
  'apiextensions.k8s.io/v1': [
    [
      'V1CustomResourceDefinition',
      'customresourcedefinitions',
      { cluster: true, short: 'crd,crds', sub: ['status'] },
    ],
  ],
  'authentication.k8s.io/v1': [['V1TokenReview', 'tokenreviews', { cluster: true, verbs: ['create'] }]],
  'authorization.k8s.io/v1': [
    ['V1SelfSubjectAccessReview', 'selfsubjectaccessreviews', { cluster: true, verbs: ['create'] }],
    ['V1SubjectAccessReview', 'subjectaccessreviews', { cluster: true, verbs: ['create'] }],
  ],
  'autoscaling/v2': [
    ['V2HorizontalPodAutoscaler', 'horizontalpodautoscalers', { short: 'hpa', sub: ['status'] }],
  ],
  'coordination.k8s.io/v1': [['V1Lease', 'leases']],
  'events.k8s.io/v1': [['EventsV1Event', 'events', { short: 'ev', storage: 'events' }]],
  'networking.k8s.io/v1': [['V1NetworkPolicy', 'networkpolicies', { short: 'netpol' }]],
  'policy/v1': [['V1PodDisruptionBudget', 'poddisruptionbudgets', { short: 'pdb', sub: ['status'] }]],
  'rbac.authorization.k8s.io/v1': [
    ['V1Role', 'roles'],
    ['V1RoleBinding', 'rolebindings'],
    ['V1ClusterRole', 'clusterroles', { cluster: true }],
    ['V1ClusterRoleBinding', 'clusterrolebindings', { cluster: true }],
  ],
};

/** Built-in kinds, which have no CRD. */
export const BUILT_IN: readonly Resource[] = Object.entries(GROUPS).flatMap(([apiVersion, rows]) =>
  rows.map((row) => resourceOf(apiVersion, row)),
);

function resourceOf(apiVersion: string, [model, plural, settings = {}]: Row): Resource {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const kind = model.replace(/^(Core|Events)?V\d/, '');
  return {
    group: group!,
    version: version!,
    kind,
    plural,
    singular: kind.toLowerCase(),
    namespaced: !settings.cluster,
    shortNames: settings.short?.split(',') ?? [],
    categories: settings.categories ?? [],
    verbs: settings.verbs ?? ALL_VERBS,
    subresources: new Set(settings.sub),
    ...(settings.sub?.includes('scale') && {
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.spec.selector',
      },
    }),
    schema: schemaOfModel(model),
    columns: columnsOf(kind),
    custom: false,
    storage: settings.storage ?? `${group}/${plural}`,
  };
}
