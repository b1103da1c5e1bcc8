import type { ControllerDeps } from '../deps.ts';
import { sinkBinding } from '../desired/sink-binding.ts';
import { lookUp } from '../kubernetes/addressable.ts';
import { statusOf } from '../kubernetes/errors.ts';
import { type KubeObject, RESOURCES } from '../kubernetes/resources.ts';
import { type Destination, normalizeSink } from '../source/sink.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import type { SourceStatus } from '../source/status-schema.ts';
import { type ConditionState, mark, markTrue, markUnknown, type StepResult } from '../status/conditions.ts';
import { applyOwned } from './apply-owned.ts';

/** What Knative knows about the sink. */
type ResolvedSink = Pick<SourceStatus, 'sinkUri' | 'sinkCACerts' | 'sinkAudience' | 'auth'>;
type SinkResult = StepResult<'SinkProvided' | 'SinkBindingReady', ResolvedSink>;

/** Makes Knative resolve the sink and bind it to the pollers. */
export async function bindSink(source: Source, spec: SourceSpec, deps: ControllerDeps): Promise<SinkResult> {
  const { destination, warnings } = normalizeSink(spec.sink);
  for (const message of warnings) {
    await deps.record(source, { type: 'Warning', reason: 'LegacySink', message });
  }
  let binding: KubeObject;
  try {
    const applied = await applyOwned(RESOURCES.binding, sinkBinding(source, spec, destination), source, deps);
    if ('taken' in applied) return unbound('NameTaken', applied.taken);
    binding = applied.object;
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    return unbound(
      'KnativeMissing',
      'the cluster does not know SinkBinding: install Knative Eventing 1.15 or later',
    );
  }
  return judge(binding, destination, await missing(destination, source, deps));
}

function unbound(reason: string, message: string): SinkResult {
  const state: ConditionState = { status: 'False', reason, message };
  return { conditions: { ...mark('SinkProvided', state), ...mark('SinkBindingReady', state) }, facts: {} };
}

/** The sink's name in words when it is certain that it does not exist. */
async function missing(
  { ref }: Destination,
  source: Source,
  { cluster }: ControllerDeps,
): Promise<string | undefined> {
  if (!ref) return undefined;
  const namespace = ref.namespace ?? keyOf(source).namespace;
  const found = await lookUp(cluster, ref, namespace);
  return found === 'absent'
    ? `${ref.kind} ${ref.name} (${ref.apiVersion}) in namespace ${namespace}`
    : undefined;
}

function judge(binding: KubeObject, sink: Destination, absent: string | undefined): SinkResult {
  const status = (binding.status ?? {}) as BindingStatus;
  const isCurrent = status.observedGeneration === binding.metadata.generation;
  const ready = isCurrent ? status.conditions?.find(({ type }) => type === 'Ready') : undefined;
  const { sinkUri, sinkCACerts, sinkAudience, auth } = status;
  const knativeMessage = ready?.message ? ` Knative says: ${ready.message}` : '';
  const where = `kubectl describe sinkbinding ${binding.metadata.name} -n ${binding.metadata.namespace}`;
  const unresolved = (state: ConditionState & { reason: string }): SinkResult => ({
    conditions: {
      ...mark('SinkProvided', state),
      ...markUnknown('SinkBindingReady', state.reason, 'waits for the sink'),
    },
    facts: {},
  });

  if (absent) {
    const message = `${absent} does not exist: create it, or correct spec.sink`;
    return unresolved({ status: 'False', reason: 'SinkNotFound', message });
  }
  if (isCurrent && sinkUri) {
    const bound =
      ready?.status === 'True'
        ? markTrue('SinkBindingReady')
        : markUnknown(
            'SinkBindingReady',
            ready?.reason ?? 'Binding',
            `Knative is binding the pollers.${knativeMessage}`,
          );
    return {
      conditions: { ...markTrue('SinkProvided'), ...bound },
      facts: { sinkUri, sinkCACerts, sinkAudience, auth },
    };
  }
  const name = sink.ref ? `${sink.ref.kind} ${sink.ref.name}` : sink.uri;
  if (ready?.status === 'False') {
    const message = `${name} has no address yet, or does not exist.${knativeMessage} See: ${where}`;
    return unresolved({ status: 'False', reason: 'SinkNotAddressable', message });
  }
  const message = `Knative has not resolved ${name} yet; if that lasts, see: ${where}`;
  return unresolved({ status: 'Unknown', reason: 'SinkPending', message });
}

interface BindingStatus extends ResolvedSink {
  readonly observedGeneration?: number;
  readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
}
