import { at, type KubeObject, type Tree } from '../api/types.ts';
import type { Client } from '../client/client.ts';
import { RESOURCES } from '../client/resources.ts';
import { isReady, writeStatus } from './conditions.ts';

const MANAGER = 'container-source';

/** Creates a Deployment and the SinkBinding that binds it. */
export async function reconcileContainerSource(client: Client, source: KubeObject): Promise<void> {
  const { name, namespace, uid } = source.metadata;
  if (source.metadata.deletionTimestamp) return;
  const { template, sink, ceOverrides } = source.spec as { template: Tree; sink: Tree; ceOverrides?: Tree };
  const labels = { 'sources.knative.dev/containerSource': name };
  const owned = (suffix: string) => ({
    name: `${name}-${suffix}`,
    namespace,
    labels,
    ownerReferences: [
      {
        apiVersion: source.apiVersion,
        kind: source.kind,
        name,
        uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  });
  const metadata = (template.metadata ?? {}) as { labels?: Record<string, string> };
  const deployment = await client.apply(
    RESOURCES.deployments,
    {
      metadata: owned('deployment'),
      spec: {
        selector: { matchLabels: labels },
        template: { ...template, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } },
      },
    },
    MANAGER,
  );
  const subject = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: `${name}-deployment` };
  const binding = await client.apply(
    RESOURCES.sinkBindings,
    { metadata: owned('sinkbinding'), spec: { subject, sink, ...(ceOverrides && { ceOverrides }) } },
    MANAGER,
  );
  const isAvailable = Number(at(deployment, 'status', 'availableReplicas') ?? 0) > 0;
  await writeStatus(
    client,
    RESOURCES.containerSources,
    source,
    {
      SinkBindingReady: isReady(binding) || { reason: 'SinkBindingNotReady', unknown: true },
      ReceiveAdapterReady: isAvailable || { reason: 'DeploymentUnavailable', unknown: true },
    },
    { sinkUri: at(binding, 'status', 'sinkUri') ?? null },
  );
}
