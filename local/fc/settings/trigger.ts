import * as z from 'zod/mini';
import { EVENT_TYPES } from '../../../shared/envelope/event-types.ts';
import { parseJson } from '../../http/decode.ts';
import { FcRefusal } from '../errors.ts';
import type { TriggerRecord } from '../store/records.ts';
import { parsePattern } from '../triggers/event-bridge/pattern.ts';
import { checkSchedule } from '../triggers/schedule.ts';
import { nameUpTo, readWith, textUpTo, whole } from './read.ts';

const OSS_EVENTS = new Set([
  ...EVENT_TYPES.map(({ name }) => `oss:${name}`),
  ...EVENT_TYPES.map(({ name }) => `oss:${name.split(':')[0]}:*`),
]);
const ossConfig = z.object({
  events: z
    .array(z.string().check(z.refine((event) => OSS_EVENTS.has(event), 'is not an event of OSS')))
    .check(z.minLength(1)),
  filter: z.object({
    key: z.object({ prefix: z.optional(z.string()), suffix: z.optional(z.string()) }),
  }),
});

const strategy = z.enum(['BACKOFF_RETRY', 'EXPONENTIAL_DECAY_RETRY']);
const topicConfig = z.object({
  notifyContentFormat: z.enum(['STREAM', 'JSON']),
  notifyStrategy: strategy,
  filterTag: z.optional(textUpTo(16)),
});

const timerConfig = z.object({
  cronExpression: z.string(),
  enable: z.optional(z.boolean()),
  payload: z.optional(z.string()),
});

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'] as const;
const httpConfig = z.object({
  authType: z.enum(['anonymous', 'function', 'jwt']),
  methods: z.array(z.enum(METHODS)).check(z.minLength(1)),
  disableURLInternet: z.optional(z.boolean()),
  authConfig: z.optional(z.nullable(z.string())),
});

const bridgeConfig = z.object({
  triggerEnable: z.boolean(),
  asyncInvocationType: z.optional(z.boolean()),
  eventRuleFilterPattern: z.string(),
  eventSourceConfig: z.object({
    eventSourceType: z.string(),
    eventSourceParameters: z.optional(
      z.nullable(
        z.looseObject({
          sourceMNSParameters: z.optional(
            z.nullable(
              z.object({
                RegionId: z.optional(z.string()),
                QueueName: z.string(),
                IsBase64Decode: z.optional(z.boolean()),
              }),
            ),
          ),
        }),
      ),
    ),
  }),
  eventSinkConfig: z.optional(
    z.nullable(
      z.object({
        deliveryOption: z.optional(
          z.nullable(
            z.object({
              mode: z.optional(z.string()),
              eventSchema: z.optional(z.enum(['CloudEvents', 'RawData'])),
              concurrency: z.optional(z.nullable(whole(0, 1000))),
            }),
          ),
        ),
      }),
    ),
  ),
  runOptions: z.optional(
    z.nullable(
      z.object({
        mode: z.optional(z.string()),
        maximumTasks: z.optional(z.nullable(whole(0, 1000))),
        errorsTolerance: z.optional(z.enum(['ALL', 'NONE'])),
        retryStrategy: z.optional(
          z.nullable(
            z.object({
              PushRetryStrategy: z.optional(strategy),
              MaximumEventAgeInSeconds: z.optional(z.int()),
              MaximumRetryAttempts: z.optional(z.int()),
            }),
          ),
        ),
        deadLetterQueue: z.optional(z.nullable(z.object({ Arn: z.optional(z.string()) }))),
        batchWindow: z.optional(
          z.nullable(
            z.object({
              CountBasedWindow: z.optional(whole(1, 10_000)),
              TimeBasedWindow: z.optional(whole(0, 3600)),
            }),
          ),
        ),
      }),
    ),
  ),
});

export type OssTriggerConfig = z.infer<typeof ossConfig>;
export type TopicTriggerConfig = z.infer<typeof topicConfig>;
export type TimerTriggerConfig = z.infer<typeof timerConfig>;
export type HttpTriggerConfig = z.infer<typeof httpConfig>;
export type BridgeTriggerConfig = z.infer<typeof bridgeConfig>;

/** The configuration of a trigger by its type. */
export type TriggerConfig =
  | { readonly type: 'oss'; readonly config: OssTriggerConfig }
  | { readonly type: 'mns_topic'; readonly config: TopicTriggerConfig }
  | { readonly type: 'timer'; readonly config: TimerTriggerConfig }
  | { readonly type: 'http'; readonly config: HttpTriggerConfig }
  | { readonly type: 'eventbridge'; readonly config: BridgeTriggerConfig };

/** Reads and checks the configuration of a trigger. Throws `InvalidArgument`, or `NotImplemented` for another type. */
export function readTriggerConfig({
  triggerType,
  triggerConfig,
}: Pick<TriggerRecord, 'triggerType' | 'triggerConfig'>): TriggerConfig {
  const value = parseJson(triggerConfig || '{}', (cause) => {
    return new FcRefusal('InvalidArgument', { message: 'triggerConfig: is not JSON', cause });
  });
  switch (triggerType) {
    case 'oss':
      return { type: triggerType, config: readWith(ossConfig, value) };
    case 'mns_topic':
      return { type: triggerType, config: readWith(topicConfig, value) };
    case 'timer': {
      const config = readWith(timerConfig, value);
      checkSchedule(config.cronExpression);
      return { type: triggerType, config };
    }
    case 'http': {
      const config = readWith(httpConfig, value);
      if (config.authType === 'jwt') throw new FcRefusal('NotImplemented', 'the local cloud checks no JWT');
      return { type: triggerType, config };
    }
    case 'eventbridge':
      return { type: triggerType, config: readBridge(value) };
    default:
      throw new FcRefusal('NotImplemented', `the local cloud has no trigger of the type ${triggerType}`);
  }
}

function readBridge(value: unknown): BridgeTriggerConfig {
  const config = readWith(bridgeConfig, value);
  const { eventSourceType, eventSourceParameters } = config.eventSourceConfig;
  if (eventSourceType !== 'Default' && eventSourceType !== 'MNS') {
    throw new FcRefusal('NotImplemented', `the local cloud has no event source ${eventSourceType}`);
  }
  if (eventSourceType === 'MNS' && !eventSourceParameters?.sourceMNSParameters) {
    throw new FcRefusal('InvalidArgument', 'eventSourceParameters.sourceMNSParameters: is missing');
  }
  parsePattern(config.eventRuleFilterPattern);
  return config;
}

const change = z.object({
  triggerConfig: z.optional(z.string()),
  description: z.optional(textUpTo(256)),
  qualifier: z.optional(z.string()),
  invocationRole: z.optional(z.nullable(z.string())),
});
const creation = z.extend(change, {
  triggerName: nameUpTo(128),
  triggerType: z.string(),
  sourceArn: z.optional(z.nullable(z.string())),
});

type Given = Omit<TriggerRecord, 'triggerId' | 'created' | 'modified'>;

/** doc: the types whose source has an ARN, and its form. */
const SOURCES: Readonly<Record<string, RegExp>> = {
  oss: /^acs:oss:[^:]*:\d+:[^/:]+$/,
  mns_topic: /^acs:mns:[^:]*:\d+:\/topics\/[^/]+$/,
};

/** The trigger of a request that creates one. */
export function readTrigger(body: unknown): Given {
  const input = readWith(creation, body);
  const { triggerType, sourceArn } = input;
  const source = SOURCES[triggerType];
  if (source && !source.test(sourceArn ?? '')) {
    throw new FcRefusal(
      'InvalidArgument',
      `sourceArn: '${sourceArn ?? ''}' is no source of a trigger ${triggerType}`,
    );
  }
  const trigger = {
    triggerName: input.triggerName,
    triggerType,
    triggerConfig: input.triggerConfig ?? '{}',
    qualifier: input.qualifier || 'LATEST',
    ...(sourceArn && { sourceArn }),
    ...(input.invocationRole && { invocationRole: input.invocationRole }),
    description: input.description ?? '',
  };
  readTriggerConfig(trigger);
  return trigger;
}

/** What a request changes of a trigger. */
export function readTriggerChange(body: unknown, before: TriggerRecord): Partial<Given> {
  const input = readWith(change, body);
  readTriggerConfig({ ...before, triggerConfig: input.triggerConfig ?? before.triggerConfig });
  return {
    triggerConfig: input.triggerConfig ?? before.triggerConfig,
    description: input.description ?? before.description,
    qualifier: input.qualifier || before.qualifier,
    ...(input.invocationRole && { invocationRole: input.invocationRole }),
  };
}
