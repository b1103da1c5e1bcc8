import { withoutUndefined } from '../without-undefined.ts';
import type { Reference, Sink } from './spec.ts';

/** A Destination of Knative. */
export interface Destination {
  readonly ref?: Reference;
  readonly uri?: string;
  readonly CACerts?: string;
  readonly audience?: string;
}

/** A destination in the current form of Knative, with a warning for each outdated part. */
export interface Normalized {
  readonly destination: Destination;
  /** One sentence each, with what to write instead. */
  readonly warnings: readonly string[];
}

/** API groups of Knative that were served as v1alpha1 and v1beta1 before v1. */
const GRADUATED = new Set([
  'eventing.knative.dev',
  'flows.knative.dev',
  'messaging.knative.dev',
  'serving.knative.dev',
]);

/** Reads all three forms of a sink: `ref`, `uri`, and the flat form of early sources. */
export function normalizeSink(sink: Sink): Normalized {
  const { apiVersion, kind, name, namespace, ref, ...rest } = sink;
  const flat = apiVersion && kind && name ? { apiVersion, kind, name, namespace } : undefined;
  const wanted = ref ?? flat;
  if (!wanted) return { destination: withoutUndefined(rest), warnings: [] };

  const warnings: string[] = [];
  if (flat) {
    warnings.push('spec.sink has apiVersion, kind and name: move them into spec.sink.ref');
  }
  const current = currentApiVersion(wanted.apiVersion);
  if (current !== wanted.apiVersion) {
    warnings.push(
      `spec.sink names ${wanted.apiVersion}, which Knative no longer serves: ${current} is used, so write that`,
    );
  }
  return { destination: withoutUndefined({ ref: { ...wanted, apiVersion: current }, ...rest }), warnings };
}

function currentApiVersion(apiVersion: string): string {
  const [group, version] = apiVersion.split('/') as [string, string?];
  return GRADUATED.has(group) && (version === 'v1alpha1' || version === 'v1beta1')
    ? `${group}/v1`
    : apiVersion;
}
