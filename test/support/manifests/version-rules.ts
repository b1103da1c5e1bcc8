import type { Rule } from './manifest.ts';

/** API versions that Knative 1.15 and later, KEDA 2 and Istio serve, and our own. */
const SERVED: Readonly<Record<string, string>> = {
  Namespace: 'v1',
  Secret: 'v1',
  ServiceAccount: 'v1',
  ConfigMap: 'v1',
  Deployment: 'apps/v1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  Role: 'rbac.authorization.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
  ValidatingAdmissionPolicy: 'admissionregistration.k8s.io/v1',
  ValidatingAdmissionPolicyBinding: 'admissionregistration.k8s.io/v1',
  CustomResourceDefinition: 'apiextensions.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  Broker: 'eventing.knative.dev/v1',
  Trigger: 'eventing.knative.dev/v1',
  ContainerSource: 'sources.knative.dev/v1',
  SinkBinding: 'sources.knative.dev/v1',
  MnsOssSource: 'sources.eventing.knative.dev/v1alpha1',
  ScaledObject: 'keda.sh/v1alpha1',
  ServiceEntry: 'networking.istio.io/v1',
};

export const VERSION_RULES: Readonly<Record<string, Rule>> = {
  'served-version': ({ apiVersion, kind }) => {
    const served = kind === 'Service' ? ['v1', 'serving.knative.dev/v1'] : [SERVED[kind]];
    return served.includes(apiVersion)
      ? []
      : [`${apiVersion} is not served: expected ${served.join(' or ')}`];
  },

  named: ({ metadata }) =>
    /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(metadata?.name ?? '') ? [] : ['expected a DNS name'],
};
