import { createHash } from 'node:crypto';
import { canonical, type KubeObject, same, type Tree } from '../api/types.ts';
import type { Client } from '../client/client.ts';
import type { Informer } from '../client/informer.ts';
import { RESOURCES } from '../client/resources.ts';
import { isReady } from './pod.ts';

interface Deployment extends KubeObject {
  spec: {
    replicas?: number;
    template: {
      metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
      spec: Tree;
    };
    strategy?: { type?: string };
  };
  status?: Tree & { conditions?: Condition[] };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly lastTransitionTime?: string;
}

const HASH_LABEL = 'pod-template-hash';

/**
 * Keeps the requested number of pods of the current template. Pods of older templates end when the new ones are ready.
 * There is no ReplicaSet, and all new pods start at once.
 */
export async function reconcileDeployment(
  client: Client,
  pods: Informer,
  deployment: Deployment,
  nodeName: string,
): Promise<void> {
  const { metadata, spec } = deployment;
  if (metadata.deletionTimestamp) return;
  const wanted = spec.replicas ?? 1;
  const hash = hashOf(spec.template);
  const mine = pods
    .list(metadata.namespace)
    .filter((pod) => pod.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid));
  const alive = mine.filter((pod) => !pod.metadata.deletionTimestamp);
  const current = alive.filter((pod) => pod.metadata.labels?.[HASH_LABEL] === hash);
  const old = alive.filter((pod) => !current.includes(pod));
  const isRecreating = spec.strategy?.type === 'Recreate' && mine.length > current.length;

  const remove = (pod: KubeObject) => client.remove(RESOURCES.pods, metadata.namespace!, pod.metadata.name);
  // Pods that are not ready yet are removed first.
  const surplus = current
    .toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)))
    .slice(0, Math.max(0, current.length - wanted));
  await Promise.all(surplus.map(remove));
  if (isRecreating) await Promise.all(old.map(remove));
  else {
    for (let count = current.length; count < wanted; count++)
      await client.create(RESOURCES.pods, podOf(deployment, hash, nodeName));
    if (current.filter(isReady).length >= wanted) await Promise.all(old.map(remove));
  }
  await report(client, deployment, alive, current);
}

function hashOf(template: unknown): string {
  return createHash('sha256').update(canonical(template)).digest('hex').slice(0, 10);
}

function podOf({ metadata, spec }: Deployment, hash: string, nodeName: string): Tree {
  const { template } = spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${metadata.name}-${hash}-`,
      namespace: metadata.namespace,
      labels: { ...template.metadata?.labels, [HASH_LABEL]: hash },
      ...(template.metadata?.annotations && { annotations: template.metadata.annotations }),
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: metadata.name,
          uid: metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { ...template.spec, nodeName },
  };
}

async function report(
  client: Client,
  deployment: Deployment,
  alive: KubeObject[],
  current: KubeObject[],
): Promise<void> {
  const { metadata, spec, status: before = {} } = deployment;
  const wanted = spec.replicas ?? 1;
  const ready = alive.filter(isReady).length;
  const isDone = current.filter(isReady).length >= wanted && alive.length === current.length;
  const condition = (type: string, holds: boolean, reason: string): Condition => {
    const status = holds ? 'True' : 'False';
    const known = before.conditions?.find((one) => one.type === type && one.status === status);
    return {
      type,
      status,
      reason,
      lastTransitionTime: known?.lastTransitionTime ?? new Date().toISOString(),
    };
  };
  const isAvailable = ready >= Math.min(1, wanted);
  const status = {
    observedGeneration: metadata.generation,
    replicas: alive.length,
    updatedReplicas: current.length,
    readyReplicas: ready,
    availableReplicas: ready,
    unavailableReplicas: Math.max(0, wanted - ready),
    conditions: [
      condition(
        'Available',
        isAvailable,
        isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      ),
      condition('Progressing', true, isDone ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated'),
    ],
  };
  if (!same(status, before)) {
    await client.patch(
      RESOURCES.deployments,
      metadata.namespace!,
      metadata.name,
      'merge',
      { status },
      'status',
    );
  }
}

export type { Deployment };
