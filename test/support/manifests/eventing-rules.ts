import type { Manifest, Rule } from './manifest.ts';

const DEPENDENCY = 'knative.dev/dependency';
const DIALECTS = ['exact', 'prefix', 'suffix', 'all', 'any', 'not', 'cesql'];
/** ISO 8601, as Knative parses it. */
const DURATION = /^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/;

/** Source: validation of Knative Eventing's webhooks, 1.15 to head. */
export const EVENTING_RULES: Readonly<Record<string, Rule>> = {
  'trigger-broker': ({ kind, spec }) =>
    kind === 'Trigger' && !spec?.broker ? ['broker: expected a name, because there is no default'] : [],

  'one-dialect': ({ kind, spec }) => (kind === 'Trigger' ? (spec?.filters ?? []).flatMap(dialectFaults) : []),

  'filter-attributes': ({ kind, spec }) =>
    kind === 'Trigger'
      ? [...(spec?.filters ?? []).flatMap(attributesOf), ...Object.keys(spec?.filter?.attributes ?? {})]
          .filter((name) => !/^[a-z][a-z0-9]*$/.test(name))
          .map((name) => `${name} is not a valid attribute name`)
      : [],

  dependency: (manifest) =>
    manifest.metadata?.annotations?.[DEPENDENCY] === undefined || dependencyOf(manifest)
      ? []
      : ['expected JSON with apiVersion, kind and name'],

  delivery: ({ kind, spec }) => {
    if (!['Broker', 'Trigger', 'MnsOssSource'].includes(kind) || !spec?.delivery) return [];
    const { retry, backoffPolicy, backoffDelay, timeout, retryAfterMax, format } = spec.delivery;
    const faults: string[] = [];
    if (retry !== undefined && !(Number.isInteger(retry) && retry >= 0))
      faults.push('retry: expected 0 or more');
    if (backoffPolicy !== undefined && !['linear', 'exponential'].includes(backoffPolicy))
      faults.push('backoffPolicy: expected linear or exponential');
    for (const [name, value] of Object.entries({ backoffDelay, timeout }))
      if (value !== undefined && !DURATION.test(value)) faults.push(`${name}: expected a duration like PT1S`);
    if (retryAfterMax !== undefined) faults.push('retryAfterMax: its feature is off by default');
    if (format !== undefined) faults.push('format: Knative 1.15 does not know it');
    return faults;
  },

  'broker-class': ({ kind, metadata }) => {
    const name = metadata?.annotations?.['eventing.knative.dev/broker.class'];
    if (kind !== 'Broker' || name === undefined) return [];
    return ['MTChannelBasedBroker', 'Kafka', 'RabbitMQBroker'].includes(name)
      ? []
      : [`${name}: expected a known broker class`];
  },

  'container-source': ({ kind, spec }) => {
    if (kind !== 'ContainerSource') return [];
    const containers: Manifest[] = spec?.template?.spec?.containers ?? [];
    const faults = containers.every(({ name, image }) => name && image)
      ? []
      : ['containers need name and image'];
    if (containers.length === 0) faults.push('expected a container');
    if (spec?.replicas !== undefined) faults.push('a ContainerSource has no replicas');
    return faults;
  },

  'sink-binding': ({ kind, spec }) => {
    if (kind !== 'SinkBinding') return [];
    const { apiVersion, kind: of, name, selector } = spec?.subject ?? {};
    const complete = apiVersion && of && Boolean(name) !== Boolean(selector);
    return complete ? [] : ['subject: expected apiVersion, kind, and either name or selector'];
  },
};

function dialectFaults(filter: Manifest): string[] {
  const names = Object.keys(filter ?? {});
  if (names.length !== 1) return [`expected one dialect in a filter, got ${names.join(' and ') || 'none'}`];
  const [name] = names as [string];
  if (!DIALECTS.includes(name)) return [`${name}: expected a known dialect`];
  const inner = filter[name];
  if (name === 'not') return dialectFaults(inner);
  if (name === 'all' || name === 'any') {
    return Array.isArray(inner) && inner.length > 0 ? inner.flatMap(dialectFaults) : [`${name} is empty`];
  }
  return Object.keys(inner ?? {}).length === 0 ? [`${name} is empty`] : [];
}

function attributesOf(filter: Manifest): string[] {
  return Object.entries(filter ?? {}).flatMap(([dialect, inner]) => {
    if (dialect === 'cesql') return [];
    if (dialect === 'not') return attributesOf(inner);
    return Array.isArray(inner) ? inner.flatMap(attributesOf) : Object.keys(inner as object);
  });
}

/** The dependency of a Trigger; `undefined` when it has none or an invalid one. */
export function dependencyOf({ metadata }: Manifest): Manifest {
  try {
    const ref = JSON.parse(metadata.annotations[DEPENDENCY]);
    return ref.apiVersion && ref.kind && ref.name ? ref : undefined;
  } catch {
    return undefined;
  }
}
