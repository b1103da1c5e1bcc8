import type { Rule } from './manifest.ts';
import { isService, type Manifest, podTemplateOf } from './manifest.ts';
import { PROGRAMS } from './programs.ts';

const GRACE_SECONDS = 30;

/** Rules for the pods of this project. */
export const POD_RULES: Readonly<Record<string, Rule>> = {
  unprivileged: ofContainers((container, podSpec) => {
    const own = container.securityContext ?? {};
    const both = { ...podSpec.securityContext, ...own };
    const faults: string[] = [];
    if (both.runAsNonRoot !== true) faults.push('runAsNonRoot: expected true');
    if (both.runAsUser === 0) faults.push('runAsUser: expected another than 0');
    if (own.allowPrivilegeEscalation !== false) faults.push('allowPrivilegeEscalation: expected false');
    if (!own.capabilities?.drop?.includes('ALL')) faults.push('capabilities.drop: expected ALL');
    if (both.seccompProfile?.type !== 'RuntimeDefault')
      faults.push('seccompProfile: expected RuntimeDefault');
    return faults;
  }),

  'read-only-root': ofContainers(({ securityContext }) =>
    securityContext?.readOnlyRootFilesystem === true ? [] : ['readOnlyRootFilesystem: expected true'],
  ),

  bounded: ofContainers(({ resources }) =>
    [
      ['requests.cpu', resources?.requests?.cpu],
      ['requests.memory', resources?.requests?.memory],
      ['limits.memory', resources?.limits?.memory],
    ]
      .filter(([, value]) => value === undefined)
      .map(([field]) => `resources.${field}: expected a value`),
  ),

  probes: ofContainers(({ readinessProbe, livenessProbe }) => [
    ...(readinessProbe?.httpGet?.path === '/readyz' ? [] : ['readinessProbe: expected /readyz']),
    ...(livenessProbe?.httpGet?.path === '/livez' ? [] : ['livenessProbe: expected /livez']),
  ]),

  'pinned-image': ofContainers(({ image = '' }) =>
    /:(?!latest$)[\w][\w.-]*(@sha256:[0-9a-f]{64})?$/.test(image)
      ? []
      : [`${image}: expected a version as its tag`],
  ),

  'secret-env': ofContainers(({ env = [] }) =>
    env
      .filter(({ name, value }: Manifest) => /SECRET|TOKEN|ACCESS_?KEY/.test(name) && value !== undefined)
      .map(({ name }: Manifest) => `${name}: expected a secretKeyRef, not a value`),
  ),

  /** Finds misspelt variables, which no program reads. */
  'known-env': ofContainers(({ image, env = [] }) => {
    const known = PROGRAMS[programOf(image)];
    if (!known) return [];
    return env
      .map(({ name }: Manifest) => name)
      .filter((name: string) => !known.includes(name))
      .map((name: string) => `${programOf(image)} does not read ${name}`);
  }),

  /** A pod must have enough time to shut down and to answer its requests. */
  times: (manifest) => {
    const podSpec = podTemplateOf(manifest)?.spec;
    return (podSpec?.containers ?? []).flatMap((container: Manifest) => {
      const grace = isService(manifest)
        ? (podSpec.timeoutSeconds ?? 300)
        : (podSpec.terminationGracePeriodSeconds ?? GRACE_SECONDS);
      const late = ['SHUTDOWN_SECONDS', 'REQUEST_TIMEOUT_SECONDS'].filter(
        (name) => envOf(container, name) >= grace,
      );
      const crowded = podSpec.containerConcurrency > (envOf(container, 'REQUEST_CONCURRENCY') || 8);
      return [
        ...late.map((name) => `${name}: expected less than the ${grace} seconds that the pod has`),
        ...(crowded
          ? ['containerConcurrency is above the number of requests that the program accepts at once']
          : []),
      ];
    });
  },
};

function ofContainers(check: (container: Manifest, podSpec: Manifest) => string[]): Rule {
  return (manifest) => {
    const podSpec = podTemplateOf(manifest)?.spec ?? {};
    return (podSpec.containers ?? []).flatMap((container: Manifest) => check(container, podSpec));
  };
}

/** `…/mnsoss-face/event-display:0.1.0` → `event-display` */
function programOf(image = ''): string {
  return /([^/:@]+)(:[^/]*)?$/.exec(image)?.[1] ?? '';
}

/** 0 when it is not set. */
function envOf({ env = [] }: Manifest, name: string): number {
  return Number(env.find((variable: Manifest) => variable.name === name)?.value ?? 0);
}
