import type { EventData } from '../../shared/envelope/cloud-event.ts';
import type { ConsumerOptions } from '../../shared/mns/consumer/index.ts';
import { CONSUMER_DEFAULTS } from '../../shared/mns/consumer/options.ts';
import { MAX_RETENTION_SECONDS, MAX_VISIBILITY_SECONDS, MAX_WAIT_SECONDS } from '../../shared/mns/limits.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import {
  defineOptions,
  flag,
  integer,
  LOG_LEVEL,
  type OptionsOf,
  oneOf,
  optional,
  port,
  readOptions,
  text,
} from '../../shared/runtime/options.ts';

const DEAD_LETTERS =
  /^(mns:[A-Za-z0-9][A-Za-z0-9-]{0,119}|oss:\/\/[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\/.*|https?:\/\/.+)$/;
const HTTP_URL = /^https?:\/\/.+/;
const FUNCTION = /^([A-Za-z_][A-Za-z0-9_-]*\/)?[A-Za-z_][A-Za-z0-9_-]*$/;

/** Everything that configures the poller. */
export const POLLER_OPTIONS = defineOptions({
  queue: {
    env: 'MNS_QUEUE',
    ...optional(text('queue name')),
    about: 'The queue to read. Default with `MNS_TOPIC`: a queue that is created for the topic.',
  },
  topic: {
    env: 'MNS_TOPIC',
    ...optional(text('topic name')),
    about:
      'The topic of the event rule (`mns-en-topics-oss-…`). The queue and its subscription are created if they do not exist.',
  },
  endpoint: {
    env: 'MNS_ENDPOINT',
    ...optional(text('URL', HTTP_URL)),
    about: 'Endpoint of MNS: `https://<account>.mns.<region>.aliyuncs.com`. A token already contains it.',
  },
  tokenFile: {
    env: 'MNS_TOKEN_FILE',
    ...optional(text('path')),
    about:
      'File with the MnsOss token, JSON `{url, accessKeyId, accessKeySecret}` or Base64 of it. It is read again when it changes.',
  },
  token: {
    env: 'MNS_TOKEN',
    ...optional(text('MnsOss token')),
    about: 'The token itself, if a file cannot be mounted. Without both, credentials come from the platform.',
    secret: true,
  },
  sink: {
    env: 'K_SINK',
    ...optional(text('URL', HTTP_URL)),
    about: 'CloudEvents are posted there. Knative sets it. Set either this or `SINK_FUNCTION`.',
  },
  sinkOverrides: {
    env: 'K_CE_OVERRIDES',
    ...optional(text('JSON `{"extensions": {…}}`')),
    about: 'Extensions that are added to every CloudEvent. Knative sets it.',
  },
  sinkCaCerts: {
    env: 'K_CA_CERTS',
    ...optional(text('PEM')),
    about:
      'Certificate authorities that are trusted for the sink in addition to the usual ones. Knative sets it.',
  },
  sinkMode: {
    env: 'SINK_MODE',
    ...oneOf('binary', 'structured'),
    default: 'binary',
    about: 'Whether a CloudEvent travels in headers and body or as one JSON document.',
  },
  sinkTokenFile: {
    env: 'SINK_TOKEN_FILE',
    ...optional(text('path')),
    about:
      'File with the token for a sink with authentication. It is sent as `Authorization: Bearer` and read again when it changes. Default: `/oidc/token`, where Knative mounts it, if that file exists.',
  },
  sinkFunction: {
    env: 'SINK_FUNCTION',
    ...optional(text('`function` (Function Compute 3.0) or `service/function` (2.0)', FUNCTION)),
    about: 'The function that is invoked with each CloudEvent. It needs `REGION` and `FC_ACCOUNT_ID`.',
  },
  sinkInvocation: {
    env: 'SINK_INVOCATION',
    ...oneOf('sync', 'async'),
    default: 'sync',
    about:
      'Whether the poller waits for the function, which gives back-pressure, or for Function Compute to store the event.',
  },
  eventData: {
    env: 'EVENT_DATA',
    ...optional(oneOf('record', 'notification')),
    about:
      'The data of a CloudEvent: one record, as EventBridge sends it, or `{"events": [record]}`, as OSS publishes it and ACK\'s MnsOss event source forwards it. Default: `notification` to `K_SINK`, `record` to a function.',
  },
  sinkQualifier: {
    env: 'SINK_QUALIFIER',
    ...optional(text('version or alias', /^[A-Za-z0-9_-]{1,128}$/)),
    about: 'Version or alias of the sink function. Default: `LATEST`.',
  },
  sinkDeduplicate: {
    env: 'SINK_DEDUPLICATE',
    ...flag,
    default: false,
    about:
      'Gives asynchronous invocations a task id that is derived from the event, and so a redelivered event runs once. The function needs task mode. A task that has finally failed cannot run again, even when its dead letter is sent again.',
  },
  sinkEndpoint: {
    env: 'SINK_ENDPOINT',
    ...optional(text('URL', HTTP_URL)),
    about:
      "Endpoint of Function Compute. Default: the account's public endpoint. Inside Alibaba Cloud: `https://<account>.<region>-internal.fc.aliyuncs.com`.",
  },
  sinkTimeoutSeconds: {
    env: 'SINK_TIMEOUT_SECONDS',
    aliases: ['K_SINK_TIMEOUT'],
    ...integer('seconds', 1, 86_400),
    default: 120,
    about: 'Time for one delivery. If the sink needs longer for an image, the image is processed twice.',
  },
  region: {
    env: 'REGION',
    aliases: ['FC_REGION'],
    ...optional(text('region, e.g. `cn-hangzhou`')),
    about: 'Region of the sink function, of the bucket of dead letters, and of the queue of a topic.',
  },
  accountId: {
    env: 'FC_ACCOUNT_ID',
    ...optional(text('account id', /^\d{1,32}$/)),
    about: 'Owner of the sink function and of the queue of a topic.',
  },
  deadLetters: {
    env: 'DEAD_LETTERS',
    ...text('`mns:<queue>`, `oss://<bucket>/<prefix>` or a URL', DEAD_LETTERS),
    about:
      'Destination of messages that can never succeed. A message is deleted only after its letter is stored.',
  },
  concurrency: {
    env: 'CONCURRENCY',
    ...integer('messages', 1, 1000),
    default: CONSUMER_DEFAULTS.concurrency,
    about:
      'Messages that are at the sink at the same time. The poller lowers it by itself while the sink answers 429 or 503.',
  },
  prefetch: {
    env: 'PREFETCH',
    ...integer('messages', 0, 1000),
    default: CONSUMER_DEFAULTS.prefetch,
    about:
      'Messages that are received ahead, at most `CONCURRENCY`. A high value keeps messages from other replicas.',
  },
  maxReceives: {
    env: 'MAX_RECEIVES',
    ...integer('requests', 1, 16),
    default: CONSUMER_DEFAULTS.maxReceives,
    about: 'Receive requests at once while the queue is not empty.',
  },
  waitSeconds: {
    env: 'WAIT_SECONDS',
    ...integer('seconds', 0, MAX_WAIT_SECONDS),
    default: CONSUMER_DEFAULTS.waitSeconds,
    about: 'Length of a long poll. A low value causes more requests, which cost money.',
  },
  visibilitySeconds: {
    env: 'VISIBILITY_SECONDS',
    ...integer('seconds', 1, MAX_VISIBILITY_SECONDS),
    default: CONSUMER_DEFAULTS.visibilitySeconds,
    about: 'How long each renewal hides a message. After a crash the message reappears within this time.',
  },
  maxAgeSeconds: {
    env: 'MAX_AGE_SECONDS',
    ...integer('seconds', 1, MAX_VISIBILITY_SECONDS),
    default: CONSUMER_DEFAULTS.maxAgeSeconds,
    about: 'Time after which the delivery of a message is aborted and retried.',
  },
  maxDequeueCount: {
    env: 'MAX_DEQUEUE_COUNT',
    ...integer('deliveries', 1, 1000),
    default: CONSUMER_DEFAULTS.maxDequeueCount,
    about:
      'Deliveries after which a message that fails becomes a dead letter. After three times as many it becomes one without another attempt. Deliveries to a sink that is down do not count.',
  },
  retryDelaySeconds: {
    env: 'RETRY_DELAY_SECONDS',
    ...integer('seconds', 1, MAX_VISIBILITY_SECONDS),
    default: CONSUMER_DEFAULTS.retry.baseMs / 1000,
    about:
      'Longest wait of a message after its first failure. It grows with each failure, up to ten minutes.',
  },
  retryGrowth: {
    env: 'RETRY_GROWTH',
    ...oneOf('exponential', 'linear'),
    default: 'exponential',
    about: 'Whether the wait doubles with each failure or grows by the same amount.',
  },
  sinkOutageGraceSeconds: {
    env: 'SINK_OUTAGE_GRACE_SECONDS',
    aliases: ['SPARED_SECONDS'],
    ...integer('seconds', 0, MAX_RETENTION_SECONDS),
    default: CONSUMER_DEFAULTS.sinkOutageGraceSeconds,
    about:
      'How long after its sending failures of a message are attributed to an unavailable sink and not counted. Keep it well below the retention of the queue, which drops messages silently.',
  },
  port: {
    env: 'PORT',
    ...port,
    default: 8080,
    about: 'Port for `/livez`, `/readyz` and `/metrics`.',
  },
  shutdownSeconds: {
    env: 'SHUTDOWN_SECONDS',
    ...integer('seconds', 0, 3_600),
    default: 20,
    about: 'Time to finish after SIGTERM. Keep it some seconds below `terminationGracePeriodSeconds`.',
  },
  namespace: {
    env: 'NAMESPACE',
    ...optional(text('namespace')),
    about:
      'Namespace of the source that the poller belongs to. It is in every line of the log. Knative sets it.',
  },
  name: {
    env: 'NAME',
    ...optional(text('name')),
    about: 'Name of the source that the poller belongs to. It is in every line of the log. Knative sets it.',
  },
  logLevel: LOG_LEVEL,
});

export type PollerOptions = OptionsOf<typeof POLLER_OPTIONS>;

/** Throws `ConfigInvalid` also when options contradict each other. */
export function readPollerOptions(
  env: NodeJS.ProcessEnv,
  flags: Readonly<Record<string, string | undefined>> = {},
): PollerOptions {
  const options = readOptions(POLLER_OPTIONS, env, flags);
  const faults = contradictions(options);
  if (faults.length > 0) throw new AppError('ConfigInvalid', faults.join('; '), { details: { faults } });
  return options;
}

function contradictions(options: PollerOptions): string[] {
  const faults: string[] = [];
  const { queue, topic, token, tokenFile, endpoint, sink, sinkFunction, region, accountId, deadLetters } =
    options;
  if (!queue && !topic) faults.push('set MNS_QUEUE or MNS_TOPIC');
  if (token && tokenFile) faults.push('set one of MNS_TOKEN and MNS_TOKEN_FILE, not both');
  if (!token && !tokenFile && !endpoint) faults.push('set MNS_ENDPOINT, or a token that names it');
  if (Boolean(sink) === Boolean(sinkFunction)) faults.push('set one of K_SINK and SINK_FUNCTION');
  if (sinkFunction && !(region && accountId)) faults.push('SINK_FUNCTION needs REGION and FC_ACCOUNT_ID');
  if (options.sinkDeduplicate && options.sinkInvocation !== 'async')
    faults.push('SINK_DEDUPLICATE needs SINK_INVOCATION=async');
  if (deadLetters.startsWith('oss:') && !region) faults.push('DEAD_LETTERS=oss://… needs REGION');
  if (queue && deadLetters === `mns:${queue}`)
    faults.push('DEAD_LETTERS must name another queue than MNS_QUEUE');
  return faults;
}

/** Consumers behind a Broker were written for ACK's event source, functions for EventBridge. */
export function eventDataOf({ eventData, sink }: PollerOptions): EventData {
  return eventData ?? (sink ? 'notification' : 'record');
}

/** What of the options concerns the consumer. */
export function consumerOptions(options: PollerOptions): Partial<ConsumerOptions> {
  const { concurrency, prefetch, maxReceives, waitSeconds } = options;
  const { visibilitySeconds, maxAgeSeconds, maxDequeueCount, sinkOutageGraceSeconds } = options;
  const { retryDelaySeconds, retryGrowth } = options;
  return {
    concurrency,
    prefetch,
    maxReceives,
    waitSeconds,
    visibilitySeconds,
    maxAgeSeconds,
    maxDequeueCount,
    sinkOutageGraceSeconds,
    retry: {
      baseMs: retryDelaySeconds * 1000,
      // Who asks for a longer first delay gets it.
      capMs: Math.max(CONSUMER_DEFAULTS.retry.capMs, retryDelaySeconds * 1000),
      growth: retryGrowth,
    },
  };
}
