import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { createReply } from '../../functions/face-recognition/cloudevents/reply-event.ts';
import { toCloudEvent } from '../../shared/envelope/cloud-event.ts';
import { anEvent } from '../support/events.ts';
import { kubectlPath, kustomize } from '../support/kubectl.ts';
import { passes } from '../support/kubernetes/knative/filters.ts';
import { type Manifest, nameOf, parseManifests, readManifests } from '../support/manifests/manifest.ts';
import { faultsOf } from '../support/manifests/rules.ts';

const FOLDER = 'knative';
const files = await readManifests(FOLDER);
const manifests = files.flatMap((file) => file.manifests);
/** Folders that kustomize renders on their own. Components only change other folders. */
const overlays = await foldersOf('Kustomization');
const rendered = kubectlPath
  ? overlays.map((folder) => [folder, parseManifests(kustomize(folder))] as const)
  : [];

async function foldersOf(kind: string): Promise<string[]> {
  const paths = (await readdir(FOLDER, { recursive: true })).filter(
    (path) => basename(path) === 'kustomization.yaml',
  );
  const found: string[] = [];
  for (const path of paths.sort()) {
    const [kustomization] = parseManifests(await readFile(join(FOLDER, path), 'utf8'));
    if (kustomization.kind === kind) found.push(join(FOLDER, dirname(path)));
  }
  return found;
}

describe('manifest files', () => {
  test('the files of each folder are numbered in the order of their application', () => {
    const order = [
      'Namespace',
      'CustomResourceDefinition',
      'Secret',
      'ServiceAccount',
      'Broker',
      'MnsOssSource',
    ];
    const folders = new Set(files.map(({ path }) => dirname(path)));

    expect(files.filter(({ path }) => !/^[1-9]\d\d-/.test(basename(path)))).toEqual([]);
    for (const folder of folders) {
      const kinds = files
        .filter(({ path }) => dirname(path) === folder)
        .flatMap((file) => file.manifests.map(({ kind }) => order.indexOf(kind)))
        .filter((place) => place >= 0);
      expect(kinds, folder).toEqual([...kinds].sort());
    }
  });

  test('no manifest breaks a rule', () => {
    const faults = faultsOf(manifests);

    expect(manifests.length).toBeGreaterThan(10);
    expect(faults).toEqual([]);
  });

  test('no manifest contains a secret, only placeholders', () => {
    const secrets = manifests.filter(({ kind }) => kind === 'Secret');

    expect(secrets.length).toBeGreaterThan(0);
    for (const { data, stringData } of secrets) {
      expect(data).toBeUndefined();
      for (const value of Object.values(stringData)) expect(value).toMatch(/<(id|secret)>/);
    }
  });

  test('no kustomization contains a Secret', async () => {
    const templates = files.filter((file) => file.manifests.some(({ kind }) => kind === 'Secret'));

    expect(templates.every(({ path }) => path.endsWith('.template.yaml'))).toBe(true);
    for (const [, objects] of rendered) expect(objects.some(({ kind }) => kind === 'Secret')).toBe(false);
  });
});

describe.runIf(kubectlPath).each(rendered)('kubectl kustomize %s', (_folder, objects) => {
  test('kustomize renders objects that break no rule, each once', () => {
    const faults = faultsOf(objects);

    expect(objects.length).toBeGreaterThan(2);
    expect(faults).toEqual([]);
    expect(new Set(objects.map(nameOf)).size).toBe(objects.length);
  });
});

describe.runIf(kubectlPath)('overlays', () => {
  const of = (folder: string) => rendered.find(([name]) => name === join(FOLDER, folder))![1];
  const kinds = (folder: string) => new Set(of(folder).map(({ kind }) => kind));

  test('overlays without a controller contain none of our kinds', () => {
    for (const folder of ['overlays/container-source', 'overlays/sink-binding'])
      expect(kinds(folder)).not.toContain('MnsOssSource');
  });

  test('the overlays for access key and role differ only in the source of the credentials', () => {
    const env = (folder: string) =>
      find(of(folder), 'Service', 'face-recognition').spec.template.spec.containers[0].env.map(
        ({ name }: Manifest) => name,
      );

    expect(env('overlays/direct')).toContain('ALIBABA_CLOUD_ACCESS_KEY_ID');
    expect(env('overlays/example')).not.toContain('ALIBABA_CLOUD_ACCESS_KEY_ID');
    expect(
      find(of('overlays/example'), 'ServiceAccount', 'face-recognition').metadata.annotations,
    ).toHaveProperty(['pod-identity.alibabacloud.com/role-name']);
  });

  test('the scaling overlays query the depth of the source that they scale', () => {
    const { metadata, spec } = find(of('overlays/example'), 'ScaledObject', 'mnsoss-face');
    const controller = manifests.find(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Service');
    const { name, namespace } = controller.metadata;

    const url = new URL(spec.triggers[0].metadata.url);

    expect(url.host).toBe(`${name}.${namespace}.svc:${controller.spec.ports[0].port}`);
    expect(url.pathname).toBe(`/queues/${metadata.namespace}/${spec.scaleTargetRef.name}`);
  });
});

test('the filters of the Trigger and the receiver select the same keys', () => {
  const { spec } = find(manifests, 'Trigger', 'face-recognition');
  const { env } = find(manifests, 'Service', 'face-recognition').spec.template.spec.containers[0];
  const [, prefix] = /^acs:oss:[^:]+:\d+:[^/]+\/(.*)$/.exec(spec.filters[1].prefix.subject)!;

  expect(prefix).toBe(env.find(({ name }: Manifest) => name === 'SOURCE_PREFIX').value);
});

test('the receiver serves the bucket of the Trigger and no other', () => {
  const { spec } = find(manifests, 'Trigger', 'face-recognition');
  const { env } = find(manifests, 'Service', 'face-recognition').spec.template.spec.containers[0];
  const [, bucket] = /^(acs:oss:[^:]+:\d+:[^/]+)\//.exec(spec.filters[1].prefix.subject)!;

  expect(env.find(({ name }: Manifest) => name === 'SOURCE_BUCKETS').value).toBe(bucket);
});

test('no ClusterRoleBinding lets the controller read Secrets or write Deployments, but for one named overlay', () => {
  const wide = (path: string) =>
    files
      .filter((file) => file.path.includes(path))
      .flatMap((file) => file.manifests)
      .filter(({ kind }) => kind === 'ClusterRoleBinding')
      .map(({ roleRef }) => roleRef.name);
  const rulesOf = (name: string) => find(manifests, 'ClusterRole', name).rules as Manifest[];
  const everywhere = wide('install/').flatMap(rulesOf);

  expect(everywhere.length).toBeGreaterThan(3);
  expect(everywhere.filter(({ resources }) => resources.includes('secrets'))).toEqual([]);
  for (const { resources, verbs } of everywhere)
    if (!['events', 'mnsosssources', 'mnsosssources/status'].includes(resources[0]))
      expect(verbs.filter((verb: string) => !['get', 'list', 'watch'].includes(verb))).toEqual([]);
  expect(wide('install-all-namespaces/')).toEqual(['mnsoss-token-reader', 'mnsoss-poller-writer']);
});

test('every port of our pods that serves metrics or depths is closed to namespaces without a label', () => {
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
  const openTo = (port: number) =>
    policies.flatMap(({ spec }) =>
      spec.ingress
        .filter(({ ports }: Manifest) => ports.some((one: Manifest) => one.port === port))
        .flatMap(({ from }: Manifest) => from.map((one: Manifest) => one.namespaceSelector.matchLabels)),
    );

  expect(policies.map(({ metadata }) => metadata.name).sort()).toEqual([
    'faces',
    'mnsoss-controller',
    'mnsoss-pollers',
  ]);
  for (const { spec } of policies) expect(spec.policyTypes).toEqual(['Ingress']);
  const labelled = { 'mnsoss-face/metrics': 'allowed' };
  expect(openTo(8080)).toEqual([{ 'kubernetes.io/metadata.name': 'keda' }, labelled, labelled]);
  expect(openTo(9095)).toEqual([labelled]);
});

describe('Trigger of face-recognition', () => {
  const { spec } = find(manifests, 'Trigger', 'face-recognition');
  const uploaded = (key: string, eventName = 'ObjectCreated:PutObject') => {
    const event = anEvent({ key, eventName, accountId: '1234567890123456' });
    return toCloudEvent(event).toJSON();
  };

  test.each([
    ['incoming/a.jpg', 'ObjectCreated:PutObject', true],
    ['incoming/a.jpg', 'ObjectCreated:CompleteMultipartUpload', true],
    ['incoming/a.jpg', 'ObjectRemoved:DeleteObject', true],
    ['incoming/a.jpg', 'ObjectCreated:InitiateMultipartUpload', false],
    ['results/incoming/a.jpg/annotated.jpg', 'ObjectCreated:PutObject', false],
  ])('the Trigger decides about %s %s: %s', (key, eventName, expected) => {
    expect(passes(spec, uploaded(key, eventName))).toBe(expected);
  });

  test('the Trigger selects no reply, and neither would each of its filters alone', async () => {
    const reply = await createReply(
      {
        id: '1',
        region: 'cn-hangzhou',
        bucket: 'photos',
        key: 'incoming/a.jpg',
        eventTime: '2026-01-01T00:00:00.000Z',
        outcome: 'processed',
        faces: 0,
        known: 0,
        unknown: 0,
        document: 'results/incoming/a.jpg/faces.json',
        durations: {},
      },
      { openBucket: () => expect.unreachable(), resultBucket: undefined },
    );

    expect(passes(spec, reply!.toJSON())).toBe(false);
    for (const filter of spec.filters) expect(passes({ filters: [filter] }, reply!.toJSON())).toBe(false);
  });
});

const SCHEMAS = process.env.KNATIVE_SCHEMAS;

/** JSON Schemas of Knative's CRDs, `<group>_<kind>_<version>….json`, in the folder KNATIVE_SCHEMAS. */
describe.runIf(SCHEMAS)('KNATIVE_SCHEMAS', async () => {
  const schemas = SCHEMAS ? (await readdir(SCHEMAS)).filter((name) => name.endsWith('.json')) : [];
  const objects = [...rendered.flatMap(([, all]) => all), ...manifests];

  test.each(schemas)('our objects are valid against the schema %s', async (name) => {
    const [, group, kind, version] = /^(.+)_([a-z]+)_(v[a-z0-9]+)/.exec(name)!;
    const schema = JSON.parse(await readFile(join(SCHEMAS!, name), 'utf8'));
    const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
    const ours = objects.filter(
      (one) => one.apiVersion === `${group}/${version}` && one.kind.toLowerCase() === kind,
    );

    const faults = ours.flatMap((one) =>
      validate(one)
        ? []
        : validate.errors!.map(
            ({ instancePath, message, params }) =>
              `${nameOf(one)}${instancePath} ${message} ${JSON.stringify(params)}`,
          ),
    );

    expect(faults).toEqual([]);
  });

  test('the schemas know at least one of our objects', () => {
    const groups = schemas.map((name) => name.split('_')[0]);

    expect(
      objects.filter(({ apiVersion }) => groups.includes(apiVersion.split('/')[0])).length,
    ).toBeGreaterThan(5);
  });
});

function find(all: readonly Manifest[], kind: string, name: string): Manifest {
  return all.find((one) => one.kind === kind && one.metadata.name === name);
}
