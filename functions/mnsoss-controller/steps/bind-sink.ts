import { sinkBinding } from '../desired/sink-binding.ts';
import { lookUp } from '../kubernetes/addressable.ts';
import { statusOf } from '../kubernetes/errors.ts';
import { type KubeObject, RESOURCES } from '../kubernetes/resources.ts';
import type { Parts } from '../parts.ts';
import { type Destination, normalizeSink } from '../source/sink.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import type { SourceStatus } from '../source/status-schema.ts';
import { failed, fine, pending, type Verdict } from '../status/conditions.ts';
import { applyOwned } from './apply-owned.ts';

export interface BoundSink {
  readonly provided: Verdict;
  readonly bound: Verdict;
  /** What Knative found out about the sink. */
  readonly resolved: Pick<SourceStatus, 'sinkUri' | 'sinkCACerts' | 'sinkAudience' | 'auth'>;
}

/** Has Knative resolve the sink, and tells how far it is. */
export async function bindSink(source: Source, spec: SourceSpec, parts: Parts): Promise<BoundSink> {
  const { destination, warnings } = normalizeSink(spec.sink);
  for (const message of warnings) {
    await parts.record(source, { type: 'Warning', reason: 'LegacySink', message });
  }
  let binding: KubeObject;
  try {
    const applied = await applyOwned(
      RESOURCES.binding,
      sinkBinding(source, spec, destination),
      source,
      parts,
    );
    if ('taken' in applied) return unbound(failed('NameTaken', applied.taken));
    binding = applied.object;
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    return unbound(
      failed(
        'KnativeMissing',
        'the cluster does not know SinkBinding: install Knative Eventing 1.15 or later',
      ),
    );
  }
  return judge(binding, destination, await missing(destination, source, parts));
}

const unbound = (verdict: Verdict): BoundSink => ({ provided: verdict, bound: verdict, resolved: {} });

/** The sink's name in words when it is certain that it does not exist. */
async function missing(
  { ref }: Destination,
  source: Source,
  { cluster }: Parts,
): Promise<string | undefined> {
  if (!ref) return undefined;
  const namespace = ref.namespace ?? keyOf(source).namespace;
  const found = await lookUp(cluster, ref, namespace);
  return found === 'absent'
    ? `${ref.kind} ${ref.name} (${ref.apiVersion}) in namespace ${namespace}`
    : undefined;
}

function judge(binding: KubeObject, sink: Destination, absent: string | undefined): BoundSink {
  const status = (binding.status ?? {}) as BindingStatus;
  const current = status.observedGeneration === binding.metadata.generation;
  const ready = current ? status.conditions?.find(({ type }) => type === 'Ready') : undefined;
  const { sinkUri, sinkCACerts, sinkAudience, auth } = status;
  const resolved = {
    sinkUri,
    sinkCACerts,
    sinkAudience,
    auth,
  };
  const told = ready?.message ? ` Knative says: ${ready.message}` : '';
  const where = `kubectl describe sinkbinding ${binding.metadata.name} -n ${binding.metadata.namespace}`;

  if (absent) {
    const verdict = failed('SinkNotFound', `${absent} does not exist: create it, or correct spec.sink`);
    return { provided: verdict, bound: pending('SinkNotFound', 'waits for the sink'), resolved: {} };
  }
  if (current && sinkUri) {
    const bound =
      ready?.status === 'True'
        ? fine
        : pending(ready?.reason ?? 'Binding', `Knative is binding the pollers.${told}`);
    return { provided: fine, bound, resolved };
  }
  const name = sink.ref ? `${sink.ref.kind} ${sink.ref.name}` : sink.uri;
  const provided =
    ready?.status === 'False'
      ? failed('SinkNotAddressable', `${name} has no address yet, or does not exist.${told} See: ${where}`)
      : pending('SinkPending', `Knative has not resolved ${name} yet; if that lasts, see: ${where}`);
  return { provided, bound: pending(provided.reason!, 'waits for the sink'), resolved: {} };
}

interface BindingStatus extends Pick<SourceStatus, 'sinkUri' | 'sinkCACerts' | 'sinkAudience' | 'auth'> {
  readonly observedGeneration?: number;
  readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
}
