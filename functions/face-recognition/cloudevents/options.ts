import * as z from 'zod/mini';
import {
  defineOptions,
  flag,
  integer,
  listOf,
  type OptionsOf,
  oneOf,
  optional,
  port,
  text,
} from '../../../shared/runtime/options.ts';

/** The options of the long-running server besides `FACE_RECOGNITION_OPTIONS`. */
export const RECEIVER_OPTIONS = defineOptions({
  serverMode: {
    env: 'SERVER_MODE',
    ...optional(oneOf('cloudevents', 'function-compute')),
    about:
      'The contract of the server: that of Knative and other senders of CloudEvents, or that of custom runtimes and containers. Default: `function-compute` if the variables of Function Compute are set, otherwise `cloudevents`.',
  },
  requestConcurrency: {
    env: 'REQUEST_CONCURRENCY',
    ...integer('requests', 1, 1000),
    default: 8,
    about:
      'Requests that are handled in parallel; one more is answered with 503. Not below the `containerConcurrency` of the Knative Service.',
  },
  requestTimeoutSeconds: {
    env: 'REQUEST_TIMEOUT_SECONDS',
    ...integer('seconds', 2, 3600),
    default: 110,
    about:
      'A request that takes longer is stopped and answered with 503. Keep it some seconds below the timeout of the sender, and below `timeoutSeconds` of the Knative Service.',
  },
  receiveTimeoutSeconds: {
    env: 'RECEIVE_TIMEOUT_SECONDS',
    ...integer('seconds', 1, 300),
    default: 10,
    about: 'A request that has not arrived as a whole after this time is cut.',
  },
  oidcAudience: {
    env: 'OIDC_AUDIENCE',
    ...optional(text('audience')),
    about:
      'Only requests with a token for this audience are accepted: what Knative (1.14 and later) sends with authentication by OIDC, to the `audience` of the subscriber or sink.',
  },
  oidcIssuer: {
    env: 'OIDC_ISSUER',
    ...text('URL', /^https?:\/\/[^@?#]+[^/@?#]$/),
    default: 'https://kubernetes.default.svc',
    about:
      'Where the keys of the tokens are described, at `/.well-known/openid-configuration`. The default, the API server, needs a token of the pod: set `automountServiceAccountToken`.',
  },
  oidcSubjects: {
    env: 'OIDC_SUBJECTS',
    schema: listOf(z.string()),
    default: [] as string[],
    unit: 'comma-separated: `system:serviceaccount:<namespace>:<name>`',
    about: 'Whose tokens are accepted, such as those of Triggers. Default: of every service account.',
  },
  metricsPort: {
    env: 'METRICS_PORT',
    ...optional(port),
    about:
      'A port of its own for `/metrics`, which a network policy can close to others. Default: the port for events.',
  },
  maxEventBytes: {
    env: 'MAX_EVENT_BYTES',
    ...integer('bytes', 1024, 33_554_432),
    default: 1_048_576,
    about: 'Larger requests are answered with 413. A message of MNS has at most 65,536.',
  },
  replyEvents: {
    env: 'REPLY_EVENTS',
    ...flag,
    default: true,
    about:
      'Whether a processed image is answered with a CloudEvent that reports its result, which a Broker sends on. A duplicate costs one read of the result.',
  },
  shutdownSeconds: {
    env: 'SHUTDOWN_SECONDS',
    ...integer('seconds', 0, 3600),
    default: 20,
    about: 'Time to finish after SIGTERM. Keep it some seconds below `terminationGracePeriodSeconds`.',
  },
});

export type ReceiverOptions = OptionsOf<typeof RECEIVER_OPTIONS>;

/** Function Compute sets at least one of these in every custom runtime and container. */
const FUNCTION_COMPUTE = ['FC_FUNCTION_NAME', 'FC_FUNC_CODE_PATH', 'FC_SERVER_PORT', 'FC_CUSTOM_LISTEN_PORT'];

export function serverMode(
  { serverMode: chosen }: ReceiverOptions,
  env: NodeJS.ProcessEnv,
): NonNullable<ReceiverOptions['serverMode']> {
  if (chosen) return chosen;
  return FUNCTION_COMPUTE.some((name) => env[name]) ? 'function-compute' : 'cloudevents';
}
