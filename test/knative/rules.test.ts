import { describe, expect, test } from 'vitest';
import type { Manifest } from '../support/manifests/manifest.ts';
import { faultsOf, RULES } from '../support/manifests/rules.ts';

const securityContext = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

const container = (changes: Manifest = {}) => ({
  name: 'display',
  image: 'registry.example.com/event-display:1.0.0',
  readinessProbe: { httpGet: { path: '/readyz' } },
  livenessProbe: { httpGet: { path: '/livez' } },
  resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '64Mi' } },
  securityContext,
  ...changes,
});

const service = (
  { pod = {}, annotations = {}, ...changes }: Manifest = {},
  metadata: Manifest = {},
): Manifest => ({
  apiVersion: 'serving.knative.dev/v1',
  kind: 'Service',
  metadata: { name: 'display', ...metadata },
  spec: { template: { metadata: { annotations }, spec: { containers: [container(changes)], ...pod } } },
});

const deployment = (pod: Manifest = {}, changes: Manifest = {}): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'display' },
  spec: { template: { spec: { containers: [container(changes)], ...pod } } },
});

const DISPLAY = { ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'display' } };

const broker = (spec: Manifest = {}, annotations: Manifest = {}): Manifest => ({
  apiVersion: 'eventing.knative.dev/v1',
  kind: 'Broker',
  metadata: { name: 'default', annotations },
  spec,
});

const trigger = (changes: Manifest = {}, annotations: Manifest = {}): Manifest => ({
  apiVersion: 'eventing.knative.dev/v1',
  kind: 'Trigger',
  metadata: { name: 'all', annotations },
  spec: { broker: 'default', subscriber: DISPLAY, ...changes },
});

const containerSource = (
  changes: Manifest = {},
  template: Manifest = { spec: { containers: [container()] } },
) => ({
  apiVersion: 'sources.knative.dev/v1',
  kind: 'ContainerSource',
  metadata: { name: 'poller' },
  spec: { sink: DISPLAY, template, ...changes },
});

const sinkBinding = (subject: Manifest): Manifest => ({
  apiVersion: 'sources.knative.dev/v1',
  kind: 'SinkBinding',
  metadata: { name: 'poller' },
  spec: { subject, sink: DISPLAY },
});

const scaledObject = (changes: Manifest = {}): Manifest => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'poller' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'display' },
    triggers: [
      { type: 'metrics-api', metadata: { url: 'http://a', valueLocation: 'depth', targetValue: '5' } },
    ],
    ...changes,
  },
});

const metricsApi = (metadata: Manifest) => scaledObject({ triggers: [{ type: 'metrics-api', metadata }] });

/** Objects that break exactly one rule, by rule. */
const BROKEN: Readonly<Record<string, readonly Manifest[]>> = {
  'served-version': [
    { ...service(), apiVersion: 'serving.knative.dev/v1alpha1' },
    { ...broker(), apiVersion: 'eventing.knative.dev/v1beta1' },
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } },
  ],
  named: [service({}, { name: 'Display' }), service({}, { name: undefined })],
  'trigger-broker': [trigger({ broker: undefined })],
  'one-dialect': [
    trigger({ filters: [{ exact: { type: 'a' }, prefix: { type: 'a' } }] }),
    trigger({ filters: [{ like: { type: 'a' } }] }),
    trigger({ filters: [{}] }),
    trigger({ filters: [{ any: [] }] }),
    trigger({ filters: [{ not: { exact: {} } }] }),
    trigger({ filters: [{ all: [{ any: [{ exact: { type: 'a' }, suffix: { type: 'a' } }] }] }] }),
  ],
  'filter-attributes': [
    trigger({ filters: [{ any: [{ exact: { 'ce-type': 'a' } }] }] }),
    trigger({ filters: [{ not: { prefix: { '1type': 'a' } } }] }),
    trigger({ filter: { attributes: { Type: 'a' } } }),
  ],
  dependency: [
    trigger({}, { 'knative.dev/dependency': 'a' }),
    trigger({}, { 'knative.dev/dependency': '{"kind":"A"}' }),
  ],
  delivery: [
    broker({ delivery: { retry: -1 } }),
    broker({ delivery: { backoffPolicy: 'random' } }),
    broker({ delivery: { backoffDelay: '1s' } }),
    broker({ delivery: { timeout: 'PT' } }),
    broker({ delivery: { retryAfterMax: 'PT1M' } }),
    trigger({ delivery: { format: 'json' } }),
  ],
  'broker-class': [broker({}, { 'eventing.knative.dev/broker.class': 'InMemory' })],
  'container-source': [
    containerSource({}, { spec: { containers: [] } }),
    containerSource({}, { spec: { containers: [container({ name: undefined })] } }),
    containerSource({ replicas: 2 }),
  ],
  'sink-binding': [
    sinkBinding({ apiVersion: 'apps/v1', kind: 'Deployment' }),
    sinkBinding({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'display',
      selector: { matchLabels: {} },
    }),
    sinkBinding({ kind: 'Deployment', selector: { matchLabels: {} } }),
  ],
  destination: [
    trigger({ subscriber: {} }),
    trigger({ subscriber: { uri: '/path' } }),
    containerSource({ sink: undefined }),
  ],
  'container-concurrency': [service({ pod: { containerConcurrency: -1 } })],
  'service-timeout': [service({ pod: { timeoutSeconds: 900 } })],
  autoscaling: [
    service({}, { annotations: { 'autoscaling.knative.dev/min-scale': '1' } }),
    service({ annotations: { 'autoscaling.knative.dev/minScale': '1' } }),
    service({ annotations: { 'autoscaling.knative.dev/max-scale': 3 } }),
    service({ annotations: { 'autoscaling.knative.dev/window': '60' } }),
    service({
      annotations: { 'autoscaling.knative.dev/min-scale': '4', 'autoscaling.knative.dev/max-scale': '3' },
    }),
  ],
  'forbidden-env': [service({ env: [{ name: 'PORT', value: '80' }] })],
  'one-port': [service({ ports: [{ containerPort: 80 }, { containerPort: 81 }] })],
  'security-fields': [
    service({ securityContext: { ...securityContext, procMount: 'Default' } }),
    service({ pod: { securityContext: { runAsUser: 1000 } } }),
  ],
  'service-volumes': [service({ pod: { volumes: [{ name: 'a', hostPath: { path: '/' } }] } })],
  unprivileged: [
    deployment({}, { securityContext: { ...securityContext, runAsNonRoot: undefined } }),
    deployment({}, { securityContext: { ...securityContext, runAsUser: 0 } }),
    deployment({}, { securityContext: { ...securityContext, allowPrivilegeEscalation: undefined } }),
    deployment({}, { securityContext: { ...securityContext, capabilities: { drop: ['NET_RAW'] } } }),
    deployment({}, { securityContext: { ...securityContext, seccompProfile: undefined } }),
  ],
  'read-only-root': [
    deployment({}, { securityContext: { ...securityContext, readOnlyRootFilesystem: false } }),
  ],
  bounded: [deployment({}, { resources: { requests: { cpu: '1', memory: '1Gi' } } })],
  probes: [
    deployment({}, { readinessProbe: undefined }),
    deployment({}, { livenessProbe: { httpGet: { path: '/' } } }),
  ],
  'pinned-image': [
    deployment({}, { image: 'registry.example.com:5000/event-display' }),
    deployment({}, { image: 'event-display:latest' }),
  ],
  'secret-env': [deployment({}, { image: 'other:1', env: [{ name: 'MNS_TOKEN', value: 'e30=' }] })],
  'known-env': [deployment({}, { env: [{ name: 'SHOW_ATTRIBUTE', value: 'true' }] })],
  times: [
    deployment({}, { env: [{ name: 'SHUTDOWN_SECONDS', value: '30' }] }),
    deployment({ terminationGracePeriodSeconds: 10 }, { env: [{ name: 'SHUTDOWN_SECONDS', value: '20' }] }),
    service({ pod: { timeoutSeconds: 10 }, env: [{ name: 'SHUTDOWN_SECONDS', value: '10' }] }),
    service({ pod: { containerConcurrency: 9 } }),
  ],
  'scaled-object': [
    scaledObject({ scaleTargetRef: undefined }),
    scaledObject({ minReplicaCount: 5, maxReplicaCount: 4 }),
    scaledObject({ triggers: [] }),
  ],
  'metrics-api': [
    metricsApi({ url: 'http://a', targetValue: '5' }),
    metricsApi({ url: 'http://a', valueLocation: 'depth', targetValue: 5 }),
    metricsApi({ url: 'http://a', valueLocation: 'depth', targetValue: '5', jsonPath: 'depth' }),
  ],
  'reference-exists': [
    trigger({ broker: 'other' }),
    trigger({ subscriber: { ref: { ...DISPLAY.ref, apiVersion: 'v1' } } }),
    trigger({}, { 'knative.dev/dependency': '{"apiVersion":"a/v1","kind":"A","name":"a"}' }),
    deployment({ serviceAccountName: 'nobody' }),
  ],
};

/** Objects that the examples refer to. */
const SURROUNDINGS = [service(), broker(), deployment()];

test.each(SURROUNDINGS.map((manifest) => [manifest.kind, manifest]))(
  'a good %s breaks no rule',
  (_kind, good) => {
    expect(faultsOf([...SURROUNDINGS, good])).toEqual([]);
  },
);

test.each([
  [
    'a filter in every dialect',
    trigger({
      filters: [
        { exact: { type: 'a' } },
        { all: [{ prefix: { type: 'a' } }, { not: { any: [{ suffix: { subject: '.jpg' } }] } }] },
        { cesql: "type = 'a'" },
      ],
    }),
  ],
  [
    'all of delivery',
    broker({ delivery: { retry: 0, backoffPolicy: 'linear', backoffDelay: 'PT0.2S', timeout: 'P1DT2H' } }),
  ],
  ['a source', containerSource()],
  [
    'a binding by selector',
    sinkBinding({ apiVersion: 'apps/v1', kind: 'Deployment', selector: { matchLabels: {} } }),
  ],
  ['a scaled object', scaledObject()],
])('a good manifest, %s, breaks no rule', (_what, good) => {
  expect(faultsOf([...SURROUNDINGS, good])).toEqual([]);
});

describe.each(Object.keys(RULES))('%s', (rule) => {
  const examples = BROKEN[rule] ?? [];

  test(`the rule ${rule} has an example that breaks it`, () => {
    expect(examples.length).toBeGreaterThan(0);
  });

  test.each(examples.map((broken, index) => [index, broken]))(
    `example %i of the rule ${rule} breaks it and no other rule`,
    (_index, broken) => {
      const faults = faultsOf([...SURROUNDINGS, broken]);

      expect(faults.length).toBeGreaterThan(0);
      expect(new Set(faults.map((fault) => fault.split(': ')[1]))).toEqual(new Set([rule]));
    },
  );
});
