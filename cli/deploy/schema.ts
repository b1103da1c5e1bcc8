import { z } from 'zod';

// The `props` of Serverless Devs' component fc3 0.1 and the limits of Function Compute 3.0. Unknown keys are refused: neither
// `s verify` nor `s deploy` reports a misspelt key.

const text = z.string().min(1);
const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const functionName = z.string().regex(NAME).max(64);
const triggerName = z.string().regex(NAME).max(128);
const seconds = (most: number) => z.int().min(1).max(most);

const hook = z.strictObject({ handler: text, timeout: seconds(300) });

const healthCheck = z.strictObject({
  httpGetUrl: text.optional(),
  initialDelaySeconds: z.int().min(0).max(120).optional(),
  periodSeconds: seconds(120).optional(),
  timeoutSeconds: seconds(3).optional(),
  failureThreshold: z.int().min(1).max(120).optional(),
  successThreshold: z.int().min(1).max(120).optional(),
});

const destination = z.strictObject({ destination: z.string().regex(/^acs:(mns|fc|eventbridge|mq):/) });

const asyncInvokeConfig = z.strictObject({
  maxAsyncRetryAttempts: z.int().min(0).max(8).optional(),
  maxAsyncEventAgeInSeconds: seconds(604_800).optional(),
  asyncTask: z.boolean().optional(),
  qualifier: text.optional(),
  destinationConfig: z
    .strictObject({ onSuccess: destination.optional(), onFailure: destination.optional() })
    .optional(),
});

const logConfig = z.union([
  z.literal('auto'),
  z.strictObject({
    project: text,
    logstore: text,
    enableRequestMetrics: z.boolean().optional(),
    enableInstanceMetrics: z.boolean().optional(),
    enableLlmMetrics: z.boolean().optional(),
    logBeginRule: z.enum(['DefaultRegex', 'None']).optional(),
  }),
]);

const scalingPolicy = z.strictObject({
  name: text,
  metricType: text,
  metricTarget: z.number().min(0).max(1),
  minInstances: z.int().min(0),
  maxInstances: z.int().min(1),
  startTime: text.optional(),
  endTime: text.optional(),
  timeZone: text.optional(),
});

const scheduledPolicy = z.strictObject({
  name: text,
  target: z.int().min(0),
  scheduleExpression: text,
  startTime: text.optional(),
  endTime: text.optional(),
  timeZone: text.optional(),
});

const scalingConfig = z.strictObject({
  minInstances: z.int().min(0).optional(),
  horizontalScalingPolicies: z.array(scalingPolicy).optional(),
  scheduledPolicies: z.array(scheduledPolicy).optional(),
  residentPoolId: text.optional(),
});

const provisionConfig = z.strictObject({
  defaultTarget: z.int().min(0),
  alwaysAllocateCPU: z.boolean(),
  alwaysAllocateGPU: z.boolean(),
  scheduledActions: z.array(z.unknown()),
  targetTrackingPolicies: z.array(z.unknown()),
});

const OSS_EVENTS = [
  'oss:ObjectCreated:*',
  'oss:ObjectCreated:AppendObject',
  'oss:ObjectCreated:CompleteMultipartUpload',
  'oss:ObjectCreated:CopyObject',
  'oss:ObjectCreated:InitiateMultipartUpload',
  'oss:ObjectCreated:PostObject',
  'oss:ObjectCreated:PutObject',
  'oss:ObjectCreated:PutSymlink',
  'oss:ObjectCreated:UploadPart',
  'oss:ObjectCreated:UploadPartCopy',
  'oss:ObjectModified:UpdateObjectMeta',
  'oss:ObjectRemoved:AbortMultipartUpload',
  'oss:ObjectRemoved:DeleteObject',
  'oss:ObjectRemoved:DeleteObjects',
] as const;

const common = {
  triggerName,
  description: z.string().optional(),
  qualifier: text.optional(),
  invocationRole: text.optional(),
};

const ossTrigger = z.strictObject({
  ...common,
  triggerType: z.literal('oss'),
  sourceArn: z.string().regex(/^acs:oss:[^:]+:[^:]+:.+$/),
  triggerConfig: z.strictObject({
    events: z.array(z.enum(OSS_EVENTS)).min(1),
    filter: z.strictObject({ key: z.strictObject({ prefix: z.string(), suffix: z.string() }) }),
  }),
});

const mnsTopicTrigger = z.strictObject({
  ...common,
  triggerType: z.literal('mns_topic'),
  sourceArn: z.string().regex(/^acs:mns:[^:]+:[^:]+:\/topics\/.+$/),
  triggerConfig: z.strictObject({
    notifyContentFormat: z.enum(['STREAM', 'JSON']),
    notifyStrategy: z.enum(['BACKOFF_RETRY', 'EXPONENTIAL_DECAY_RETRY']),
    filterTag: z.string().max(16).optional(),
  }),
});

const eventSource = z.discriminatedUnion('eventSourceType', [
  z.strictObject({ eventSourceType: z.literal('Default') }),
  z.strictObject({
    eventSourceType: z.literal('MNS'),
    eventSourceParameters: z.strictObject({
      sourceMNSParameters: z.strictObject({
        RegionId: text,
        QueueName: text,
        IsBase64Decode: z.boolean(),
      }),
    }),
  }),
]);

const runOptions = z.strictObject({
  mode: z.enum(['event-streaming', 'event-driven']),
  maximumTasks: z.int().min(1).optional(),
  errorsTolerance: z.enum(['ALL', 'NONE']).optional(),
  retryStrategy: z
    .strictObject({
      PushRetryStrategy: z.enum(['BACKOFF_RETRY', 'EXPONENTIAL_DECAY_RETRY']),
      MaximumEventAgeInSeconds: z.int().optional(),
      MaximumRetryAttempts: z.int().optional(),
    })
    .optional(),
  deadLetterQueue: z.strictObject({ Arn: text }).optional(),
  batchWindow: z
    .strictObject({ CountBasedWindow: z.int().min(1).max(10_000), TimeBasedWindow: z.int().min(0) })
    .optional(),
});

const eventBridgeTrigger = z.strictObject({
  ...common,
  triggerType: z.literal('eventbridge'),
  triggerConfig: z.strictObject({
    triggerEnable: z.boolean(),
    asyncInvocationType: z.boolean(),
    eventRuleFilterPattern: z.string().refine(isJson, 'must be JSON'),
    eventSourceConfig: eventSource,
    eventSinkConfig: z
      .strictObject({
        deliveryOption: z.strictObject({
          mode: z.enum(['event-streaming', 'event-driven']),
          eventSchema: z.enum(['CloudEvents', 'RawData']),
          concurrency: z.int().min(1).optional(),
        }),
      })
      .optional(),
    runOptions: runOptions.optional(),
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

export const triggerSchema = z.discriminatedUnion('triggerType', [
  ossTrigger,
  mnsTopicTrigger,
  eventBridgeTrigger,
  timerTrigger,
  httpTrigger,
]);

export const functionSchema = z.strictObject({
  region: z.string().regex(/^[a-z]{2,3}-[a-z]+(-\d)?(-[a-z]+)*$/),
  functionName,
  description: z.string().max(256).optional(),
  runtime: z.enum([
    'nodejs20',
    'custom',
    'custom.debian10',
    'custom.debian11',
    'custom.debian12',
    'custom-container',
  ]),
  handler: text.optional(),
  code: z.union([text, z.strictObject({ ossBucketName: text, ossObjectName: text })]).optional(),
  cpu: z.number().min(0.05).max(16).multipleOf(0.05),
  memorySize: z.int().min(128).max(32_768).multipleOf(64),
  diskSize: z.union([z.literal(512), z.literal(10_240)]),
  timeout: seconds(86_400),
  instanceConcurrency: z.int().min(1).max(200).optional(),
  role: text.optional(),
  environmentVariables: z.record(z.string(), z.string()).optional(),
  instanceLifecycleConfig: z
    .strictObject({ initializer: hook.optional(), preStop: hook.optional() })
    .optional(),
  customRuntimeConfig: z
    .strictObject({
      command: z.array(text).optional(),
      args: z.array(z.string()).optional(),
      port: z.int().min(1).max(65_535).optional(),
      healthCheckConfig: healthCheck.optional(),
    })
    .optional(),
  customContainerConfig: z
    .strictObject({
      image: text,
      command: z.array(text).optional(),
      entrypoint: z.array(text).optional(),
      port: z.int().min(1).max(65_535).optional(),
      healthCheckConfig: healthCheck.optional(),
    })
    .optional(),
  concurrencyConfig: z.strictObject({ reservedConcurrency: z.int().min(0) }).optional(),
  scalingConfig: scalingConfig.optional(),
  provisionConfig: provisionConfig.optional(),
  asyncInvokeConfig: asyncInvokeConfig.optional(),
  logConfig: logConfig.optional(),
  internetAccess: z.boolean().optional(),
  layers: z
    .array(z.string().regex(/^acs:fc:/))
    .max(5)
    .optional(),
  tags: z.array(z.strictObject({ key: text, value: text })).optional(),
  triggers: z.array(triggerSchema).max(50).optional(),
});

export type FunctionProps = z.infer<typeof functionSchema>;
export type TriggerProps = z.infer<typeof triggerSchema>;

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
