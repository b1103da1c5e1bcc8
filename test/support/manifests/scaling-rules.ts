import type { Manifest, Rule } from './manifest.ts';

/** Source: KEDA, ScaledObject and the scaler metrics-api. */
const METRICS_API = [
  'url',
  'valueLocation',
  'targetValue',
  'activationTargetValue',
  'format',
  'aggregateFromKubeServiceEndpoints',
  'aggregationType',
  'authMode',
  'unsafeSsl',
  'timeout',
];

export const SCALING_RULES: Readonly<Record<string, Rule>> = {
  'scaled-object': ({ kind, spec }) => {
    if (kind !== 'ScaledObject') return [];
    const { scaleTargetRef: target, minReplicaCount: min = 0, maxReplicaCount: max = 100 } = spec ?? {};
    const faults: string[] = [];
    if (!(target?.apiVersion && target.kind && target.name))
      faults.push('scaleTargetRef: expected apiVersion, kind and name');
    if (min > max) faults.push('minReplicaCount is above maxReplicaCount');
    if (!spec?.triggers?.length) faults.push('expected a trigger');
    return faults;
  },

  'metrics-api': ({ kind, spec }) =>
    kind === 'ScaledObject'
      ? (spec?.triggers ?? [])
          .filter(({ type }: { type: string }) => type === 'metrics-api')
          .flatMap(({ metadata = {} }: Manifest) => [
            ...['url', 'valueLocation', 'targetValue']
              .filter((name) => !metadata[name])
              .map((name) => `${name}: expected a value`),
            ...Object.entries(metadata).flatMap(([name, value]) => {
              if (!METRICS_API.includes(name)) return [`${name}: expected a parameter of metrics-api`];
              return typeof value === 'string' ? [] : [`${name}: expected a text`];
            }),
          ])
      : [],
};
