import { deployment, type PollerPlan } from '../desired/deployment.ts';
import { type KubeObject, RESOURCES } from '../kubernetes/resources.ts';
import type { Parts } from '../parts.ts';
import { deploymentName } from '../source/names.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import { failed, fine, pending, type Verdict } from '../status/conditions.ts';
import { applyOwned } from './apply-owned.ts';

export interface Pollers {
  readonly verdict: Verdict;
  readonly consumers: number;
}

/** Applies the Deployment, and tells whether its pods run. */
export async function deployPollers(
  source: Source,
  spec: SourceSpec,
  plan: PollerPlan,
  parts: Parts,
): Promise<Pollers> {
  const applied = await applyOwned(RESOURCES.deployment, deployment(source, spec, plan), source, parts);
  if ('taken' in applied) return { verdict: failed('NameTaken', applied.taken), consumers: 0 };
  return judge(applied.object);
}

/** Pollers that run already go on while something that a new one needs is missing. */
export async function watchPollers(source: Source, { cluster }: Parts): Promise<Pollers> {
  const key = keyOf(source);
  const existing = await cluster.get(RESOURCES.deployment, key.namespace, deploymentName(key));
  if (existing) return judge(existing);
  return { verdict: pending('Waiting', 'starts when the conditions before it are met'), consumers: 0 };
}

interface DeploymentStatus {
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
}

/** Pollers share a queue: as long as one is ready, events flow, and scaling or rolling changes nothing about that. */
function judge({ metadata, spec, status }: KubeObject): Pollers {
  const { replicas = 0, readyReplicas = 0, conditions = [] } = (status ?? {}) as DeploymentStatus;
  const { replicas: wanted = 1 } = spec as { replicas?: number };
  const find = (type: string) => conditions.find((condition) => condition.type === type);
  const logs = `kubectl logs deployment/${metadata.name} -n ${metadata.namespace}`;
  const state = `${readyReplicas} of ${wanted} pollers are ready`;
  const tell = (verdict: Verdict): Pollers => ({ verdict, consumers: replicas });

  if (wanted === 0) return tell({ status: 'True', reason: 'ScaledToZero', message: 'no poller is wanted' });
  if (readyReplicas >= wanted) return tell(fine);
  const failure = find('ReplicaFailure');
  if (failure?.status === 'True') {
    const { reason = 'ReplicaFailure', message } = failure;
    const verdict = failed(reason, `${state}; pods cannot be made: ${message}`);
    return tell(readyReplicas > 0 ? { ...verdict, status: 'True' } : verdict);
  }
  if (readyReplicas > 0) return tell(fine);
  if (find('Progressing')?.status === 'False') {
    return tell(failed('PollersNotReady', `${state}; they say why: ${logs}`));
  }
  return tell(pending('PollersStarting', `${state}; if that lasts, they say why: ${logs}`));
}
