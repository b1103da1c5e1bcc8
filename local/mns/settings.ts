import {
  DEFAULT_RETENTION_SECONDS,
  MAX_BATCH,
  MAX_DELAY_SECONDS,
  MAX_MESSAGE_BYTES,
  MAX_NAME_LENGTH,
  MAX_RETENTION_SECONDS,
  MAX_TAG_LENGTH,
  MAX_VISIBILITY_SECONDS,
  MAX_WAIT_SECONDS,
  MIN_RETENTION_SECONDS,
  MIN_VISIBILITY_SECONDS,
} from '../../shared/mns/limits.ts';
import { childText, type XmlElement } from '../../shared/runtime/xml.ts';
import { MnsRefusal } from './errors.ts';

/** The attributes of a queue that its owner sets. */
export interface QueueSettings {
  /** Seconds until a new message becomes visible, 0 to 604,800. @default 0 */
  readonly delaySeconds: number;
  /** Bytes, 1,024 to 65,536. @default 65536 */
  readonly maximumMessageSize: number;
  /** Seconds, 60 to 1,296,000. @default 345600 */
  readonly messageRetentionPeriod: number;
  /** Seconds until a received message becomes visible again, 1 to 43,200. @default 30 */
  readonly visibilityTimeout: number;
  /** Seconds for which a receive waits for a message, 0 to 30. @default 0 */
  readonly pollingWaitSeconds: number;
  /** Stored and returned; no logs are written. @default false */
  readonly loggingEnabled: boolean;
  /** @default messages are never moved */
  readonly deadLetter?: DeadLetterPolicy;
}

/** Moves messages that are received too often to another queue. */
export interface DeadLetterPolicy {
  /** Name of a queue. */
  readonly targetQueue: string;
  /** A message that was received this often moves instead of becoming visible again. */
  readonly maxReceiveCount: number;
}

export interface TopicSettings {
  readonly maximumMessageSize: number;
  readonly loggingEnabled: boolean;
}

const NOTIFY_STRATEGIES = ['BACKOFF_RETRY', 'EXPONENTIAL_DECAY_RETRY'] as const;
const NOTIFY_CONTENT_FORMATS = ['XML', 'JSON', 'SIMPLIFIED'] as const;

export interface SubscriptionSettings {
  readonly endpoint: string;
  readonly filterTag?: string;
  readonly notifyStrategy: (typeof NOTIFY_STRATEGIES)[number];
  readonly notifyContentFormat: (typeof NOTIFY_CONTENT_FORMATS)[number];
}

export const MAX_SUBSCRIPTIONS_PER_TOPIC = 100;
/** doc: fixed by the service. */
export const TOPIC_RETENTION_SECONDS = 86_400;

/** [lowest, highest, default, unit]. doc: product limits; the upper retention is the Go SDK's. */
const BOUNDS = {
  DelaySeconds: [0, MAX_DELAY_SECONDS, 0, 'seconds'],
  MaximumMessageSize: [1024, MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES, 'bytes'],
  MessageRetentionPeriod: [
    MIN_RETENTION_SECONDS,
    MAX_RETENTION_SECONDS,
    DEFAULT_RETENTION_SECONDS,
    'seconds',
  ],
  VisibilityTimeout: [MIN_VISIBILITY_SECONDS, MAX_VISIBILITY_SECONDS, 30, 'seconds'],
  PollingWaitSeconds: [0, MAX_WAIT_SECONDS, 0, 'seconds'],
  waitseconds: [0, MAX_WAIT_SECONDS, 0, 'seconds'],
  numOfMessages: [1, MAX_BATCH, 1, 'messages'],
  Priority: [1, 16, 8, ''],
  MaxReceiveCount: [1, 1000, 16, 'times'],
} as const;

type Bounded = keyof typeof BOUNDS;

/** The number in `text`, or the default if it is absent. Refuses with `InvalidArgument` out of bounds. */
export function bounded(
  name: Bounded,
  text: string | undefined,
  defaultValue: number = BOUNDS[name][2],
): number {
  if (text === undefined) return defaultValue;
  const [lowest, highest, , unit] = BOUNDS[name];
  const value = Number(text);
  if (!/^\d+$/.test(text.trim()) || value < lowest || value > highest) {
    throw new MnsRefusal(
      'InvalidArgument',
      `The value of ${name} should between ${lowest} and ${highest} ${unit}`.trim().concat('.'),
    );
  }
  return value;
}

export const DEFAULT_QUEUE_SETTINGS: QueueSettings = {
  delaySeconds: BOUNDS.DelaySeconds[2],
  maximumMessageSize: BOUNDS.MaximumMessageSize[2],
  messageRetentionPeriod: BOUNDS.MessageRetentionPeriod[2],
  visibilityTimeout: BOUNDS.VisibilityTimeout[2],
  pollingWaitSeconds: BOUNDS.PollingWaitSeconds[2],
  loggingEnabled: false,
};

export const DEFAULT_TOPIC_SETTINGS: TopicSettings = {
  maximumMessageSize: BOUNDS.MaximumMessageSize[2],
  loggingEnabled: false,
};

/** Reads `<Queue>`; an absent element keeps its value from `base`. */
export function readQueueSettings(element: XmlElement | undefined, base: QueueSettings): QueueSettings {
  if (!element) return base;
  const number = (name: Bounded, current: number) => bounded(name, childText(element, name), current);
  return {
    delaySeconds: number('DelaySeconds', base.delaySeconds),
    maximumMessageSize: number('MaximumMessageSize', base.maximumMessageSize),
    messageRetentionPeriod: number('MessageRetentionPeriod', base.messageRetentionPeriod),
    visibilityTimeout: number('VisibilityTimeout', base.visibilityTimeout),
    pollingWaitSeconds: number('PollingWaitSeconds', base.pollingWaitSeconds),
    loggingEnabled: flag('LoggingEnabled', childText(element, 'LoggingEnabled'), base.loggingEnabled),
    deadLetter: readDeadLetter(element, base.deadLetter),
  };
}

/** Refuses settings out of bounds that were not read from XML. */
export function checkQueueSettings(settings: QueueSettings): void {
  bounded('DelaySeconds', String(settings.delaySeconds));
  bounded('MaximumMessageSize', String(settings.maximumMessageSize));
  bounded('MessageRetentionPeriod', String(settings.messageRetentionPeriod));
  bounded('VisibilityTimeout', String(settings.visibilityTimeout));
  bounded('PollingWaitSeconds', String(settings.pollingWaitSeconds));
  if (settings.deadLetter) bounded('MaxReceiveCount', String(settings.deadLetter.maxReceiveCount));
}

/** guess: the documents describe the policy for the OpenAPI actions; here `<Queue>` has it under the same names. */
function readDeadLetter(
  element: XmlElement,
  base: DeadLetterPolicy | undefined,
): DeadLetterPolicy | undefined {
  const policy = element.children.find((child) => child.name === 'DlqPolicy');
  if (!policy) return base;
  if (!flag('DlqPolicy.Enabled', childText(policy, 'Enabled'), true)) return undefined;
  const targetQueue = childText(policy, 'DeadLetterTargetQueue');
  if (!targetQueue) {
    throw new MnsRefusal('InvalidArgument', 'The value of DlqPolicy.DeadLetterTargetQueue is required.');
  }
  return {
    targetQueue,
    maxReceiveCount: bounded('MaxReceiveCount', childText(policy, 'MaxReceiveCount')),
  };
}

export function readTopicSettings(element: XmlElement | undefined, base: TopicSettings): TopicSettings {
  if (!element) return base;
  const size = childText(element, 'MaximumMessageSize');
  return {
    maximumMessageSize: bounded('MaximumMessageSize', size, base.maximumMessageSize),
    loggingEnabled: flag('LoggingEnabled', childText(element, 'LoggingEnabled'), base.loggingEnabled),
  };
}

/** Reads `<Subscription>`; `base` has the current settings of a subscription that is changed. */
export function readSubscriptionSettings(
  element: XmlElement | undefined,
  base?: SubscriptionSettings,
): SubscriptionSettings {
  const text = (name: string) => (element ? childText(element, name) : undefined);
  const endpoint = base?.endpoint ?? text('Endpoint');
  if (!endpoint) throw new MnsRefusal('EndpointInvalid', 'The value of Endpoint is required.');
  const filterTag = text('FilterTag') ?? base?.filterTag;
  const strategy = text('NotifyStrategy') ?? base?.notifyStrategy ?? 'BACKOFF_RETRY';
  const format = base?.notifyContentFormat ?? text('NotifyContentFormat') ?? 'XML';
  return {
    endpoint,
    filterTag: filterTag ? readTag('FilterTag', filterTag) : undefined,
    notifyStrategy: oneOf('NotifyStrategy', NOTIFY_STRATEGIES, strategy),
    notifyContentFormat: oneOf('NotifyContentFormat', NOTIFY_CONTENT_FORMATS, format),
  };
}

export function readTag(name: string, tag: string): string {
  if (tag.length <= MAX_TAG_LENGTH) return tag;
  throw new MnsRefusal(
    'InvalidArgument',
    `The length of ${name} should not be larger than ${MAX_TAG_LENGTH}.`,
  );
}

const NAME_ERRORS = {
  queue: ['InvalidQueueName', 'QueueNameLengthError'],
  topic: ['TopicNameInvalid', 'TopicNameLengthError'],
  subscription: ['SubscriptionNameInvalid', 'SubscriptionNameLengthError'],
} as const;

/** At most 120 letters, digits and hyphens; begins with a letter or digit. */
export function checkName(kind: keyof typeof NAME_ERRORS, name: string): void {
  const [invalid, length] = NAME_ERRORS[kind];
  if (name.length > MAX_NAME_LENGTH) throw new MnsRefusal(length);
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(name)) throw new MnsRefusal(invalid);
}

function flag(name: string, text: string | undefined, defaultValue: boolean): boolean {
  if (text === undefined) return defaultValue;
  const value = text.trim().toLowerCase();
  if (value !== 'true' && value !== 'false') {
    throw new MnsRefusal('InvalidArgument', `The value of ${name} should be True or False.`);
  }
  return value === 'true';
}

function oneOf<T extends string>(name: string, allowed: readonly T[], value: string): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found) return found;
  throw new MnsRefusal('InvalidArgument', `The value of ${name} should be one of ${allowed.join(', ')}.`);
}
