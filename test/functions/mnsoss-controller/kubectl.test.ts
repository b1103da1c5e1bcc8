import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { kubeconfigOf } from '../../support/kubernetes/kubeconfig.ts';
import { findKubectl, runKubectl } from '../../support/kubernetes/kubectl.ts';
import { aBroker, aSecret } from './objects.ts';
import { actForOthers, startWorld } from './world.ts';

/** As the walk-through has it: a sink of the flat form, in a version that Knative no longer serves. */
const SOURCE = `apiVersion: sources.eventing.knative.dev/v1alpha1
kind: MnsOssSource
metadata:
  labels:
    controller-tools.k8s.io: "1.0"
  name: mnsoss-face
spec:
  # Add fields here
  serviceAccountName: mnsoss-sa
  accessToken:
    secretKeyRef:
      name: mnsoss-secret
      key: mns
  sink:
    apiVersion: eventing.knative.dev/v1alpha1
    kind: Broker
    name: default
  topic: mns-en-topics-oss-face-image-2381221888dds9129
`;

const ACCOUNT = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: eventing-sources-mnsoss
subjects:
- kind: ServiceAccount
  name: mnsoss-sa
  namespace: default
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: eventing-sources-mnsoss-controller
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: mnsoss-sa
`;

async function startAll() {
  const world = await startWorld();
  actForOthers(world);
  const home = await mkdtemp(join(tmpdir(), 'kubectl-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const kubeconfig = join(home, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigOf(world.api));
  const kubectl = async (args: string, input?: string): Promise<string> => {
    const { code, stdout, stderr } = await runKubectl(
      { path: findKubectl()!, kubeconfig, home },
      args.split(' '),
      input,
    );
    if (code !== 0) throw new Error(`kubectl ${args}: ${stderr}`);
    return stdout;
  };
  await world.mns.createTopic('mns-en-topics-oss-face-image-2381221888dds9129');
  const secret = aSecret(world.cloud) as unknown as { data: { mns: string } };
  // What \`base64\` makes of the token on a terminal is what the Secret holds as data.
  const secretYaml = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: mnsoss-secret\ntype: Opaque\ndata:\n  mns: ${secret.data.mns}\n`;
  return { ...world, kubectl, secretYaml };
}

describe.skipIf(!findKubectl())('kubectl', () => {
  test("kubectl applies the walk-through's files unchanged, waits, shows, scales and deletes", async () => {
    const { kubectl, secretYaml, ...world } = await startAll();
    await world.start({ drainSeconds: 0 });
    await world.apply(aBroker());

    await kubectl('apply -f -', secretYaml);
    await kubectl('apply -f -', ACCOUNT);
    const applied = await kubectl('apply -f -', SOURCE);
    await kubectl('wait mnsosssources/mnsoss-face --for=condition=Ready --timeout=20s');
    const again = await kubectl('apply -f -', SOURCE);
    const row = await kubectl('get mnsosssources');
    const category = await kubectl('get sources -o name');
    const described = await kubectl('describe mnsoss mnsoss-face');
    await kubectl('scale mnsosssources/mnsoss-face --replicas=3');
    await kubectl('wait mnsosssources/mnsoss-face --for=jsonpath={.status.consumers}=3 --timeout=20s');
    await kubectl('delete -f -', SOURCE);

    expect(applied).toBe('mnsosssource.sources.eventing.knative.dev/mnsoss-face created\n');
    expect(again).toBe('mnsosssource.sources.eventing.knative.dev/mnsoss-face unchanged\n');
    expect(row.replace(/ +/g, ' ').split('\n').slice(0, 2)).toEqual([
      'NAME SINK READY REASON AGE',
      expect.stringMatching(/^mnsoss-face http:\/\/broker-ingress\/default\/default True \d+s$/),
    ]);
    expect(category).toContain('mnsosssource.sources.eventing.knative.dev/mnsoss-face');
    expect(described).toContain('eventing.knative.dev/v1 is used');
    expect(await world.binding('mnsoss-face')).toBeUndefined();
    expect(await world.subscriptions('mns-en-topics-oss-face-image-2381221888dds9129')).toEqual([]);
  });

  test.each([
    [
      'neither topic nor queue',
      (yaml: string) => yaml.replace(/ {2}topic: .*/, ''),
      'set topic (of the event rule) or queue',
    ],
    [
      'a slip in a name',
      (yaml: string) => yaml.replace('  topic:', '  topics: 1\n  topic:'),
      'unknown field "spec.topics"',
    ],
    [
      'an attribute overridden',
      (yaml: string) => `${yaml}  ceOverrides:\n    extensions:\n      type: mine\n`,
      'an attribute that CloudEvents defines cannot be overridden',
    ],
    [
      'a duration in words',
      (yaml: string) => `${yaml}  delivery:\n    timeout: 10s\n`,
      'spec.delivery.timeout',
    ],
  ])('kubectl rejects %s', async (_what, change, message) => {
    const { kubectl } = await startAll();

    await expect(kubectl('apply -f -', change(SOURCE))).rejects.toThrow(message);
  });
});
