import type { Reference, Sink } from './spec.ts';

/** What Knative calls a Destination. */
export interface Destination {
  readonly ref?: Reference;
  readonly uri?: string;
  readonly CACerts?: string;
  readonly audience?: string;
}

/** A destination as today's Knative takes it, and what of the original is out of date. */
export interface Normalized {
  readonly destination: Destination;
  /** Each a sentence with what to write instead. */
  readonly warnings: readonly string[];
}

/** Groups of Knative whose objects were served as v1alpha1 and v1beta1 before they became v1. */
const GRADUATED = new Set([
  'eventing.knative.dev',
  'flows.knative.dev',
  'messaging.knative.dev',
  'serving.knative.dev',
]);

/** Reads all three forms of a sink: `ref`, `uri`, and the flat one of the first sources. */
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
      `spec.sink names ${wanted.apiVersion}, which Knative serves no more: ${current} is used, so write that`,
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

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
