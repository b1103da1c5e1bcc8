import type { Rule } from './manifest.ts';
import { isService, type Manifest } from './manifest.ts';

const PREFIX = 'autoscaling.knative.dev/';
const within =
  (min: number, max = Number.POSITIVE_INFINITY) =>
  (value: string) =>
    Number(value) >= min && Number(value) <= max;
const duration = (value: string) => /^(\d+(\.\d+)?(h|m|s|ms))+$/.test(value);
const whole = (value: string) => /^\d+$/.test(value);

/** Source: Knative Serving, autoscaling reference. */
const ANNOTATIONS: Readonly<Record<string, (value: string) => boolean>> = {
  class: (value) => /^(kpa|hpa)\.autoscaling\.knative\.dev$/.test(value),
  metric: (value) => ['concurrency', 'rps', 'cpu', 'memory'].includes(value),
  target: within(0.01),
  'target-utilization-percentage': within(1, 100),
  'min-scale': whole,
  'max-scale': whole,
  'initial-scale': whole,
  'activation-scale': (value) => whole(value) && value !== '0',
  'scale-down-delay': duration,
  window: duration,
  'scale-to-zero-pod-retention-period': duration,
  'panic-window-percentage': within(1, 100),
  'panic-threshold-percentage': within(110, 1000),
  'target-burst-capacity': within(-1),
};

const FORBIDDEN_ENV = ['PORT', 'K_SERVICE', 'K_CONFIGURATION', 'K_REVISION'];
const SECURITY_FIELDS = [
  'capabilities',
  'readOnlyRootFilesystem',
  'runAsUser',
  'runAsGroup',
  'runAsNonRoot',
  'allowPrivilegeEscalation',
  'seccompProfile',
];
const VOLUMES = ['secret', 'configMap', 'projected', 'emptyDir'];

/** Rules of Knative Serving without optional features. */
export const SERVICE_RULES: Readonly<Record<string, Rule>> = {
  'container-concurrency': ofService(({ containerConcurrency: value = 0 }) =>
    Number.isInteger(value) && value >= 0 && value <= 1000 ? [] : ['expected 0 to 1000'],
  ),

  'service-timeout': ofService(({ timeoutSeconds: value = 300 }) =>
    value >= 1 && value <= 600 ? [] : ['expected 1 to 600 seconds: clusters allow no more by default'],
  ),

  autoscaling: (manifest) => {
    if (!isService(manifest)) return [];
    const faults = Object.keys(manifest.metadata?.annotations ?? {})
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => `${name} belongs to spec.template.metadata`);
    const annotations = manifest.spec?.template?.metadata?.annotations ?? {};
    for (const [name, value] of Object.entries(annotations)) {
      if (!name.startsWith(PREFIX)) continue;
      const check = ANNOTATIONS[name.slice(PREFIX.length)];
      if (!check) faults.push(`${name}: expected a known annotation`);
      else if (typeof value !== 'string' || !check(value)) faults.push(`${name}: ${value} is out of bounds`);
    }
    const scale = (name: string) => Number(annotations[PREFIX + name] ?? 0);
    if (scale('max-scale') > 0 && scale('min-scale') > scale('max-scale'))
      faults.push('min-scale is above max-scale');
    return faults;
  },

  'forbidden-env': ofService(({ containers = [] }) =>
    namesOfEnv(containers)
      .filter((name) => FORBIDDEN_ENV.includes(name))
      .map((name) => `${name} is set by Knative`),
  ),

  'one-port': ofService(({ containers = [] }) =>
    containers.flatMap(({ ports = [] }: Manifest) => ports).length <= 1 ? [] : ['expected at most one port'],
  ),

  'security-fields': ofService(({ containers = [], securityContext }) => [
    ...(securityContext ? ['the securityContext of the pod needs a feature that is off by default'] : []),
    ...containers
      .flatMap((container: Manifest) => Object.keys(container.securityContext ?? {}))
      .filter((name: string) => !SECURITY_FIELDS.includes(name))
      .map((name: string) => `${name} needs a feature that is off by default`),
  ]),

  'service-volumes': ofService(({ volumes = [] }) =>
    volumes
      .flatMap(({ name: _name, ...sources }: Manifest) => Object.keys(sources))
      .filter((source: string) => !VOLUMES.includes(source))
      .map((source: string) => `${source} needs a feature that is off by default`),
  ),
};

function ofService(check: (podSpec: Manifest) => string[]): Rule {
  return (manifest) => (isService(manifest) ? check(manifest.spec?.template?.spec ?? {}) : []);
}

function namesOfEnv(containers: Manifest[]): string[] {
  return containers.flatMap(({ env = [] }) => env.map(({ name }: Manifest) => name));
}
