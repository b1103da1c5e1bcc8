import { z } from 'zod';
import { EVENT_TYPES } from '../../shared/envelope/event-types.ts';
import { MAX_TAG_LENGTH } from '../../shared/mns/limits.ts';
import { parseJson } from '../../shared/runtime/json.ts';

// The props of component fc3 that a template may set, with the limits of Function Compute 3.0. Closed: the component's own
// schema, which `published-schema.ts` applies too, accepts misspelt keys and any configuration for any trigger.

const text = z.string().min(1);
const whole = (min: number, max = Number.MAX_SAFE_INTEGER) => z.int().min(min).max(max);
const name = (max: number) => text.regex(/^[A-Za-z_][A-Za-z0-9_-]*$/).max(max);
const arn = (rest: string) => z.string().regex(new RegExp(`^acs:${rest}`));
/** Every field is optional. */
const partial = <S extends z.core.$ZodLooseShape>(shape: S) => z.strictObject(shape).partial();

const hook = z.strictObject({ handler: text, timeout: whole(1, 300) });
const destination = z.strictObject({ destination: arn('(mns|fc|eventbridge|mq):') });
const times = { startTime: text.optional(), endTime: text.optional(), timeZone: text.optional() };
const retryStrategy = z.enum(['BACKOFF_RETRY', 'EXPONENTIAL_DECAY_RETRY']);
const deliveryMode = z.enum(['event-streaming', 'event-driven']);

const process = {
  command: z.array(text),
  port: whole(1, 65_535),
  healthCheckConfig: partial({
    httpGetUrl: text,
    initialDelaySeconds: whole(0, 120),
    periodSeconds: whole(1, 120),
    timeoutSeconds: whole(1, 3),
    failureThreshold: whole(1, 120),
    successThreshold: whole(1, 120),
  }),
};

/** `ObjectCreated:*` is the only group that triggers know. */
const ossEvent = z.enum([
  'oss:ObjectCreated:*',
  ...EVENT_TYPES.filter(({ selectable }) => selectable === 'rules and triggers').map(
    (type) => `oss:${type.name}`,
  ),
]);

const common = {
  triggerName: name(128),
  description: z.string().optional(),
  qualifier: text.optional(),
  invocationRole: text.optional(),
};

const ossTrigger = z.strictObject({
  ...common,
  triggerType: z.literal('oss'),
  sourceArn: arn('oss:[^:]+:[^:]+:.+'),
  triggerConfig: z.strictObject({
    events: z.array(ossEvent).min(1),
    filter: z.strictObject({ key: z.strictObject({ prefix: z.string(), suffix: z.string() }) }),
  }),
});

const mnsTopicTrigger = z.strictObject({
  ...common,
  triggerType: z.literal('mns_topic'),
  sourceArn: arn('mns:[^:]+:[^:]+:/topics/.+'),
  triggerConfig: z.strictObject({
    notifyContentFormat: z.enum(['STREAM', 'JSON']),
    notifyStrategy: retryStrategy,
    filterTag: z.string().max(MAX_TAG_LENGTH).optional(),
  }),
});

const eventSource = z.discriminatedUnion('eventSourceType', [
  z.strictObject({ eventSourceType: z.literal('Default') }),
  z.strictObject({
    eventSourceType: z.literal('MNS'),
    eventSourceParameters: z.strictObject({
      sourceMNSParameters: z.strictObject({ RegionId: text, QueueName: text, IsBase64Decode: z.boolean() }),
    }),
  }),
]);

const eventBridgeTrigger = z.strictObject({
  ...common,
  triggerType: z.literal('eventbridge'),
  triggerConfig: z.strictObject({
    triggerEnable: z.boolean(),
    asyncInvocationType: z.boolean(),
    eventRuleFilterPattern: z.string().refine((value) => parseJson(value) !== undefined, 'must be JSON'),
    eventSourceConfig: eventSource,
    eventSinkConfig: partial({
      deliveryOption: z.strictObject({
        mode: deliveryMode,
        eventSchema: z.enum(['CloudEvents', 'RawData']),
        concurrency: whole(1).optional(),
      }),
    }).optional(),
    runOptions: z
      .strictObject({
        mode: deliveryMode,
        maximumTasks: whole(1).optional(),
        errorsTolerance: z.enum(['ALL', 'NONE']).optional(),
        retryStrategy: z
          .strictObject({
            PushRetryStrategy: retryStrategy,
            MaximumEventAgeInSeconds: z.int().optional(),
            MaximumRetryAttempts: z.int().optional(),
          })
          .optional(),
        deadLetterQueue: z.strictObject({ Arn: text }).optional(),
        batchWindow: z
          .strictObject({ CountBasedWindow: whole(1, 10_000), TimeBasedWindow: whole(0) })
          .optional(),
      })
      .optional(),
  }),
});

const timerTrigger = z.strictObject({
  ...common,
  triggerType: z.literal('timer'),
  triggerConfig: z.strictObject({
    cronExpression: z.string().regex(/^(@every \d+[smhd]|(CRON_TZ=\S+ )?\S+( \S+){5})$/),
    enable: z.boolean(),
    payload: z.string().optional(),
  }),
});

const httpTrigger = z.strictObject({
  ...common,
  triggerType: z.literal('http'),
  triggerConfig: z.strictObject({
    authType: z.enum(['anonymous', 'function', 'jwt']),
    methods: z.array(z.enum(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'])).min(1),
    disableURLInternet: z.boolean().optional(),
    authConfig: z.unknown().optional(),
  }),
});

const trigger = z.discriminatedUnion('triggerType', [
  ossTrigger,
  mnsTopicTrigger,
  eventBridgeTrigger,
  timerTrigger,
  httpTrigger,
]);

export const functionSchema = partial({
  region: z.string().regex(/^[a-z]{2,3}-[a-z]+(-\d)?(-[a-z]+)*$/),
  functionName: name(64),
  description: z.string().max(256),
  runtime: z.enum([
    'nodejs20',
    'custom',
    'custom.debian10',
    'custom.debian11',
    'custom.debian12',
    'custom-container',
  ]),
  handler: text,
  code: z.union([text, z.strictObject({ ossBucketName: text, ossObjectName: text })]),
  cpu: z.number().min(0.05).max(16).multipleOf(0.05),
  memorySize: whole(128, 32_768).multipleOf(64),
  diskSize: z.union([z.literal(512), z.literal(10_240)]),
  timeout: whole(1, 86_400),
  instanceConcurrency: whole(1, 200),
  role: text,
  environmentVariables: z.record(z.string(), z.string()),
  instanceLifecycleConfig: partial({ initializer: hook, preStop: hook }),
  customRuntimeConfig: partial({ ...process, args: z.array(z.string()) }),
  customContainerConfig: partial({ ...process, image: text, entrypoint: z.array(text) }).required({
    image: true,
  }),
  concurrencyConfig: z.strictObject({ reservedConcurrency: whole(0) }),
  scalingConfig: partial({
    minInstances: whole(0),
    horizontalScalingPolicies: z.array(
      z.strictObject({
        name: text,
        metricType: text,
        metricTarget: z.number().min(0).max(1),
        minInstances: whole(0),
        maxInstances: whole(1),
        ...times,
      }),
    ),
    scheduledPolicies: z.array(
      z.strictObject({ name: text, target: whole(0), scheduleExpression: text, ...times }),
    ),
    residentPoolId: text,
  }),
  provisionConfig: z.strictObject({
    defaultTarget: whole(0),
    alwaysAllocateCPU: z.boolean(),
    alwaysAllocateGPU: z.boolean(),
    scheduledActions: z.array(z.unknown()),
    targetTrackingPolicies: z.array(z.unknown()),
  }),
  asyncInvokeConfig: partial({
    maxAsyncRetryAttempts: whole(0, 8),
    maxAsyncEventAgeInSeconds: whole(1, 604_800),
    asyncTask: z.boolean(),
    qualifier: text,
    destinationConfig: partial({ onSuccess: destination, onFailure: destination }),
  }),
  logConfig: z.union([
    z.literal('auto'),
    partial({
      project: text,
      logstore: text,
      enableRequestMetrics: z.boolean(),
      enableInstanceMetrics: z.boolean(),
      enableLlmMetrics: z.boolean(),
      logBeginRule: z.enum(['DefaultRegex', 'None']),
    }).required({ project: true, logstore: true }),
  ]),
  tracingConfig: partial({
    type: z.enum(['Jaeger', 'OpenTelemetry']),
    params: z.record(z.string(), z.string()),
  }),
  internetAccess: z.boolean(),
  layers: z.array(arn('fc:')).max(5),
  tags: z.array(z.strictObject({ key: text, value: text })),
  triggers: z.array(trigger).max(50),
}).required({
  region: true,
  functionName: true,
  runtime: true,
  cpu: true,
  memorySize: true,
  diskSize: true,
  timeout: true,
});

export type FunctionProps = z.infer<typeof functionSchema>;
export type TriggerProps = z.infer<typeof trigger>;
