import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, vi } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import type { ObjectStore } from '../../../shared/oss/object-store.ts';
import { createHttpClient } from '../../../shared/runtime/http.ts';
import { mnsClientOf, ossClientOf } from '../../support/cloud-clients.ts';
import { at, type KubeObject, type Tree } from '../../support/kubernetes/api/types.ts';
import type { KnownResource } from '../../support/kubernetes/client/resources.ts';
import type { Cluster } from '../../support/kubernetes/cluster.ts';
import { startCluster } from '../../support/kubernetes/index.ts';
import { encodeToken } from '../../support/mns-token.ts';
import type { TopicClient } from '../../support/mns-topics.ts';

const SOURCES: KnownResource = {
  apiVersion: 'sources.eventing.knative.dev/v1alpha1',
  kind: 'MnsOssSource',
  plural: 'mnsosssources',
};

export interface Stage {
  readonly cloud: LocalCloud;
  readonly cluster: Cluster;
  readonly mns: TopicClient;
  readonly photos: ObjectStore;
  /** Topic of the bucket's event rule. */
  readonly topic: string;
  /** The token of Step 3 of the walk-through. */
  readonly token: string;
  /** Runs kubectl and returns its output. Throws its error message. */
  kubectl(command: string, input?: string): Promise<string>;
  /** Waits for a condition of the source and returns it. */
  condition(type: string, wanted: { status: string; reason?: string }, name?: string): Promise<Tree>;
  source(name?: string): Promise<KubeObject | undefined>;
  subscriptions(): Promise<string[]>;
  /** Output of the pods of a Service so far. */
  logs(service: string): Promise<string>;
  stop(): Promise<void>;
}

/** A local cloud with a bucket and its event rule, and a cluster that runs this project's programs for its images. */
export async function startStage(): Promise<Stage> {
  const cloud = await startLocalCloud();
  const http = createHttpClient();
  const mns = mnsClientOf(cloud, { http });
  const oss = ossClientOf(cloud);
  await oss.createBucket('photos');
  await cloud.mns.ensureQueue('console');
  const rule = await cloud.rules.create({
    name: 'face-image',
    eventTypes: ['ObjectCreated:PutObject', 'ObjectRemoved:DeleteObject'],
    resources: [{ bucket: 'photos', prefix: 'incoming/', suffix: '' }],
    endpoints: [{ type: 'queue', name: 'console' }],
  });
  const topic = rule.topic!;

  const program = (name: string, env: Record<string, string> = {}) => ({
    command: [process.execPath, join(inject('programs'), name, 'server.js')],
    env: { NODE_ENV: 'production', TZ: 'UTC', ...env },
  });
  const place = {
    REGION: cloud.region,
    FC_ACCOUNT_ID: cloud.accountId,
    MNS_ENDPOINTS: new URL(cloud.mns.url).host,
  };
  const stumbles: string[] = [];
  const cluster = await startCluster({
    kubeconfig: process.env.KUBECONFIG,
    onError: (key, error) => void stumbles.push(`${key}: ${(error as Error).message}`),
    images: {
      'mnsoss-controller': program('mnsoss-controller', {
        ...place,
        RESYNC_SECONDS: '1',
        DRAIN_SECONDS: '5',
      }),
      'mns-poller': program('mns-poller', place),
      'event-display': program('event-display'),
      'face-recognition': program('face-recognition', {
        OSS_ENDPOINT: cloud.oss.url,
        // Only the complete image contains the code of its threads.
        ENGINE_WORKERS: '0',
      }),
    },
  });
  const { client } = cluster;
  const source = (name = 'mnsoss-face') => client.get(SOURCES, 'default', name);
  const stage: Stage = {
    cloud,
    cluster,
    mns,
    photos: oss.bucket('photos'),
    topic,
    token: encodeToken({ url: cloud.mns.url, credentials: cloud.credentials }),
    source,
    async kubectl(command, input) {
      const said = await cluster.kubectl(command.split(' '), input);
      if (said.code !== 0) {
        const troubles = cluster.kubelet?.troubles() ?? [];
        throw new Error(
          [`kubectl ${command}: ${said.stderr}`, ...stumbles.slice(-5), ...troubles].join('\n'),
        );
      }
      return said.stdout;
    },
    condition: (type, wanted, name) =>
      eventually(async () => {
        const found = await source(name);
        const conditions = (at(found, 'status', 'conditions') ?? []) as Tree[];
        expect(conditions.find((one) => one.type === type)).toMatchObject(wanted);
        expect(at(found, 'status', 'observedGeneration')).toBe(found?.metadata.generation);
        return conditions.find((one) => one.type === type)!;
      }),
    async subscriptions() {
      const names = await mns.listSubscriptions(topic);
      return names.filter((name) => name.startsWith('mnsoss-'));
    },
    async logs(service) {
      const label = 'serving.knative.dev/service';
      return (
        cluster.kubelet?.logs(label, service) ??
        (await stage.kubectl(`logs --tail=-1 -c user-container -l ${label}=${service}`))
      );
    },
    async stop() {
      if (!cluster.api) await cleanUp(stage);
      await cluster.stop();
      await cloud.close();
      await http.close();
    },
  };
  return stage;
}

/** Deletes what runs from an external cluster. The installation stays, because the next run applies it again. */
async function cleanUp({ kubectl }: Stage): Promise<void> {
  const kinds = ['mnsosssources', 'triggers', 'brokers.eventing.knative.dev', 'ksvc'];
  for (const kind of kinds) await kubectl(`delete ${kind} --all -n default --timeout=60s`);
  const secrets = 'secret/mnsoss-secret secret/oss-credentials';
  await kubectl(`delete ${secrets} -n default --ignore-not-found`);
  await kubectl('delete deployment mnsoss-controller -n mnsoss-system --ignore-not-found');
  await kubectl('wait --for=delete pods --all -n mnsoss-system --timeout=60s');
}

/** Whether the cluster is our test cluster, which injects faults and reports used permissions. */
export const HAS_FAULTS = !process.env.KUBECONFIG;

/** Repeats a check until it passes. On timeout, throws its last error. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 120_000, interval: 50 });
}

/** A file of the walk-through, with the reader's values filled in. */
export async function walkthrough(name: string, changes: Record<string, string> = {}): Promise<string> {
  let text = await readFile(new URL(`../walkthrough/${name}`, import.meta.url), 'utf8');
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`${name} does not hold ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

export const SAMPLE_TOPIC = 'mns-en-topics-oss-face-image-2381221888dds9129';

/** The Secret of Step 3. */
export async function secret(token: string): Promise<string> {
  const sample = /mns: (\S+)/.exec(await walkthrough('mnsoss-secret.yaml'))![1]!;
  return walkthrough('mnsoss-secret.yaml', { [sample]: token });
}

/** The Secret that face-recognition signs with. */
export const ossCredentials = ({ cloud }: Stage) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'oss-credentials' },
    stringData: cloud.credentials,
  });

/** Installs the controller with all its manifests, as a reader does. */
export async function install({ kubectl }: Stage): Promise<void> {
  await kubectl('apply -k knative/install');
  await kubectl('apply -n default -k knative/namespace');
  await kubectl(
    'wait --for=condition=established crd/mnsosssources.sources.eventing.knative.dev --timeout=30s',
  );
  await kubectl('rollout status deployment/mnsoss-controller -n mnsoss-system --timeout=60s');
}
