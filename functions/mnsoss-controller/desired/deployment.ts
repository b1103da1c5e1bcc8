import { MAX_VISIBILITY_SECONDS } from '../../../shared/mns/limits.ts';
import type { KubeObject } from '../kubernetes/resources.ts';
import { deploymentName, podLabels, TOKEN_HASH_ANNOTATION } from '../source/names.ts';
import { keyOf, ownedMetadata, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';

export interface PollerPlan {
  readonly image: string;
  readonly queue: string;
  /** The value of the poller's option `DEAD_LETTERS`. */
  readonly deadLetters: string;
  /** When the token changes, the pollers restart. */
  readonly tokenHash: string;
}

const PORT = 8080;
const SHUTDOWN_SECONDS = 20;
const DEFAULT_RESOURCES = { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } };

/** The pollers of a source. The SinkBinding adds the sink. */
export function deployment(source: Source, spec: SourceSpec, plan: PollerPlan): KubeObject {
  const key = keyOf(source);
  const labels = podLabels(key);
  const { serviceAccountName } = spec;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: ownedMetadata(source, deploymentName(key)),
    spec: {
      replicas: spec.consumers,
      selector: { matchLabels: labels },
      // Kubernetes reports only after ten minutes by default that pollers do not start.
      progressDeadlineSeconds: 120,
      template: {
        metadata: {
          labels: { 'app.kubernetes.io/name': 'mnsoss-poller', ...labels },
          annotations: { [TOKEN_HASH_ANNOTATION]: plan.tokenHash },
        },
        spec: {
          serviceAccountName,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: SHUTDOWN_SECONDS + 10,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [container(spec, plan)],
        },
      },
    },
  };
}

function container(spec: SourceSpec, { image, queue, deadLetters }: PollerPlan): object {
  const { resources } = spec;
  return {
    name: 'poller',
    image,
    env: [
      { name: 'MNS_QUEUE', value: queue },
      { name: 'MNS_TOKEN', valueFrom: { secretKeyRef: spec.accessToken.secretKeyRef } },
      { name: 'DEAD_LETTERS', value: deadLetters },
      { name: 'PORT', value: String(PORT) },
      { name: 'SHUTDOWN_SECONDS', value: String(SHUTDOWN_SECONDS) },
      ...settings(spec),
    ],
    ports: [{ name: 'http', containerPort: PORT, protocol: 'TCP' }],
    livenessProbe: { httpGet: { path: '/livez', port: 'http' }, periodSeconds: 10 },
    readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 5 },
    resources: resources ?? DEFAULT_RESOURCES,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

/** The poller has defaults for what the spec leaves out. */
function settings({ concurrency, batch, visibilityTimeout, delivery = {} }: SourceSpec): object[] {
  const { retry, backoffDelay, backoffPolicy, timeout } = delivery;
  const values: Record<string, number | string | undefined> = {
    CONCURRENCY: concurrency,
    PREFETCH: batch,
    VISIBILITY_SECONDS: visibilityTimeout,
    MAX_DEQUEUE_COUNT: retry === undefined ? undefined : retry + 1,
    RETRY_DELAY_SECONDS: wholeSeconds(backoffDelay, MAX_VISIBILITY_SECONDS),
    RETRY_GROWTH: backoffPolicy,
    SINK_TIMEOUT_SECONDS: wholeSeconds(timeout, 86_400),
  };
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value: String(value) }));
}

const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Seconds of an ISO 8601 duration that the spec's schema has accepted: at least one, and at most `max`. */
function wholeSeconds(duration: string | undefined, max: number): number | undefined {
  if (duration === undefined) return undefined;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = DURATION.exec(duration) ?? [];
  const exact = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return Math.min(max, Math.max(1, Math.round(exact)));
}
