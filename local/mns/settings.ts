import { childText, type XmlElement } from '../../shared/runtime/xml.ts';
import { MnsRefusal } from './errors.ts';

/** Attributes of a queue that its owner sets. */
export interface QueueSettings {
  readonly delaySeconds: number;
  readonly maximumMessageSize: number;
  readonly messageRetentionPeriod: number;
  readonly visibilityTimeout: number;
  readonly pollingWaitSeconds: number;
  readonly loggingEnabled: boolean;
  readonly deadLetter?: DeadLetterPolicy;
}

export interface DeadLetterPolicy {
  readonly targetQueue: string;
  /** A message that was received this often and becomes visible again moves. */
  readonly maxReceiveCount: number;
}

export interface TopicSettings {
  readonly maximumMessageSize: number;
  readonly loggingEnabled: boolean;
}

export const NOTIFY_STRATEGIES = ['BACKOFF_RETRY', 'EXPONENTIAL_DECAY_RETRY'] as const;
export const NOTIFY_CONTENT_FORMATS = ['XML', 'JSON', 'SIMPLIFIED'] as const;

export interface SubscriptionSettings {
  readonly endpoint: string;
  readonly filterTag?: string;
  readonly notifyStrategy: (typeof NOTIFY_STRATEGIES)[number];
  readonly notifyContentFormat: (typeof NOTIFY_CONTENT_FORMATS)[number];
}

/** The largest message, and the largest batch: 64 KB. */
export const MAX_MESSAGE_BYTES = 65_536;
export const MAX_BATCH = 16;
export const MAX_TAG_LENGTH = 16;
export const MAX_SUBSCRIPTIONS_PER_TOPIC = 100;
/** Fixed by the service. */
export const TOPIC_RETENTION_SECONDS = 86_400;

/** [lowest, highest, default, unit]. doc: product limits; the upper retention is the Go SDK's. */
const BOUNDS = {
  DelaySeconds: [0, 604_800, 0, 'seconds'],
  MaximumMessageSize: [1024, MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES, 'bytes'],
  MessageRetentionPeriod: [60, 1_296_000, 345_600, 'seconds'],
  VisibilityTimeout: [1, 43_200, 30, 'seconds'],
  PollingWaitSeconds: [0, 30, 0, 'seconds'],
  waitseconds: [0, 30, 0, 'seconds'],
  numOfMessages: [1, MAX_BATCH, 1, 'messages'],
  Priority: [1, 16, 8, ''],
  MaxReceiveCount: [1, 1000, 16, 'times'],
} as const;

export type Bounded = keyof typeof BOUNDS;

/** The number that `text` holds, or the default when it is absent; `InvalidArgument` out of bounds. */
export function bounded(
  name: Bounded,
  text: string | undefined,
  otherwise: number = BOUNDS[name][2],
): number {
  if (text === undefined) return otherwise;
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

/** Reads `<Queue>`; what it leaves out keeps its value of `base`. */
export function readQueueSettings(element: XmlElement | undefined, base: QueueSettings): QueueSettings {
  if (!element) return base;
  const text = (name: string) => childText(element, name);
  const deadLetter = readDeadLetter(element, base.deadLetter);
  return {
    delaySeconds: bounded('DelaySeconds', text('DelaySeconds'), base.delaySeconds),
    maximumMessageSize: bounded('MaximumMessageSize', text('MaximumMessageSize'), base.maximumMessageSize),
    messageRetentionPeriod: bounded(
      'MessageRetentionPeriod',
      text('MessageRetentionPeriod'),
      base.messageRetentionPeriod,
    ),
    visibilityTimeout: bounded('VisibilityTimeout', text('VisibilityTimeout'), base.visibilityTimeout),
    pollingWaitSeconds: bounded('PollingWaitSeconds', text('PollingWaitSeconds'), base.pollingWaitSeconds),
    loggingEnabled: flag('LoggingEnabled', text('LoggingEnabled'), base.loggingEnabled),
    // Absent, not undefined: settings are compared with those that the journal restores.
    ...(deadLetter && { deadLetter }),
  };
}

/** Refuses settings that were not read from XML when they are out of bounds. */
export function checkQueueSettings(settings: QueueSettings): void {
  bounded('DelaySeconds', String(settings.delaySeconds));
  bounded('MaximumMessageSize', String(settings.maximumMessageSize));
  bounded('MessageRetentionPeriod', String(settings.messageRetentionPeriod));
  bounded('VisibilityTimeout', String(settings.visibilityTimeout));
  bounded('PollingWaitSeconds', String(settings.pollingWaitSeconds));
  if (settings.deadLetter) bounded('MaxReceiveCount', String(settings.deadLetter.maxReceiveCount));
}

/** guess: the policy is documented for the OpenAPI actions; here it stands in `<Queue>` under the same names. */
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
  return {
    maximumMessageSize: bounded(
      'MaximumMessageSize',
      childText(element, 'MaximumMessageSize'),
      base.maximumMessageSize,
    ),
    loggingEnabled: flag('LoggingEnabled', childText(element, 'LoggingEnabled'), base.loggingEnabled),
  };
}

/** Reads `<Subscription>`; `base` is the subscription that is changed, if there is one. */
export function readSubscriptionSettings(
  element: XmlElement | undefined,
  base?: SubscriptionSettings,
): SubscriptionSettings {
  const text = (name: string) => (element ? childText(element, name) : undefined);
  const endpoint = base?.endpoint ?? text('Endpoint');
  if (!endpoint) throw new MnsRefusal('EndpointInvalid', 'The value of Endpoint is required.');
  const filterTag = text('FilterTag') ?? base?.filterTag;
  return {
    endpoint,
    ...(filterTag && { filterTag: readTag('FilterTag', filterTag) }),
    notifyStrategy: oneOf(
      'NotifyStrategy',
      NOTIFY_STRATEGIES,
      text('NotifyStrategy') ?? base?.notifyStrategy ?? 'BACKOFF_RETRY',
    ),
    notifyContentFormat: oneOf(
      'NotifyContentFormat',
      NOTIFY_CONTENT_FORMATS,
      base?.notifyContentFormat ?? text('NotifyContentFormat') ?? 'XML',
    ),
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

/** Letters, digits and hyphens, a letter or digit first, at most 120. */
export function checkName(kind: keyof typeof NAME_ERRORS, name: string): void {
  const [invalid, length] = NAME_ERRORS[kind];
  if (name.length > 120) throw new MnsRefusal(length);
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(name)) throw new MnsRefusal(invalid);
}

function flag(name: string, text: string | undefined, otherwise: boolean): boolean {
  if (text === undefined) return otherwise;
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
