import type { ControllerDeps } from '../deps.ts';
import { deployment, type PollerPlan } from '../desired/deployment.ts';
import { type KubeObject, RESOURCES } from '../kubernetes/resources.ts';
import { deploymentName } from '../source/names.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import { mark, markFalse, markTrue, markUnknown, type StepResult } from '../status/conditions.ts';
import { applyOwned } from './apply-owned.ts';

type PollersResult = StepResult<'Deployed', { readonly consumers: number }>;

/** Applies the Deployment and looks whether its pods run. */
export async function deployPollers(
  source: Source,
  spec: SourceSpec,
  plan: Omit<PollerPlan, 'image'>,
  deps: ControllerDeps,
): Promise<PollersResult> {
  const object = deployment(source, spec, { ...plan, image: deps.options.pollerImage });
  const applied = await applyOwned(RESOURCES.deployment, object, source, deps);
  if ('object' in applied) return judge(applied.object);
  return { conditions: markFalse('Deployed', 'NameTaken', applied.taken), facts: { consumers: 0 } };
}

/** Running pollers continue while something that new ones need is missing. */
export async function watchPollers(source: Source, { cluster }: ControllerDeps): Promise<PollersResult> {
  const key = keyOf(source);
  const existing = await cluster.get(RESOURCES.deployment, key.namespace, deploymentName(key));
  if (existing) return judge(existing);
  const waits = markUnknown('Deployed', 'Waiting', 'starts when the conditions before it are met');
  return { conditions: waits, facts: { consumers: 0 } };
}

interface DeploymentStatus {
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
}

/** Pollers share a queue: events flow while at least one is ready, whatever is scaled or rolled. */
function judge(object: KubeObject): PollersResult {
  const { replicas = 0 } = (object.status ?? {}) as DeploymentStatus;
  return { conditions: conditionOf(object), facts: { consumers: replicas } };
}

function conditionOf({ metadata, spec, status }: KubeObject): PollersResult['conditions'] {
  const { readyReplicas = 0, conditions = [] } = (status ?? {}) as DeploymentStatus;
  const { replicas: wanted = 1 } = spec as { replicas?: number };
  const find = (type: string) => conditions.find((condition) => condition.type === type);
  const logs = `kubectl logs deployment/${metadata.name} -n ${metadata.namespace}`;
  const state = `${readyReplicas} of ${wanted} pollers are ready`;

  if (wanted === 0) {
    return mark('Deployed', { status: 'True', reason: 'ScaledToZero', message: 'no poller is wanted' });
  }
  if (readyReplicas >= wanted) return markTrue('Deployed');
  const failure = find('ReplicaFailure');
  if (failure?.status === 'True') {
    return mark('Deployed', {
      status: readyReplicas > 0 ? 'True' : 'False',
      reason: failure.reason ?? 'ReplicaFailure',
      message: `${state}; pods cannot be created: ${failure.message}`,
    });
  }
  if (readyReplicas > 0) return markTrue('Deployed');
  if (find('Progressing')?.status === 'False') {
    return markFalse('Deployed', 'PollersNotReady', `${state}; their logs say why: ${logs}`);
  }
  return markUnknown('Deployed', 'PollersStarting', `${state}; if that lasts, their logs say why: ${logs}`);
}
