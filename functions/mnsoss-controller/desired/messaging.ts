import { deadLetterQueueName, queueName, subscriptionName } from '../source/names.ts';
import type { Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import type { SourceStatus } from '../source/status-schema.ts';

/** What a source needs in MNS. */
export interface Messaging {
  readonly queue: string;
  readonly subscription?: Subscription;
  /** Absent when dead letters go to a sink. */
  readonly deadLetterQueue?: string;
}

export interface Subscription {
  readonly topic: string;
  readonly name: string;
}

/** What was created in MNS for a source. */
export interface Made {
  readonly queues: readonly string[];
  readonly subscriptions: readonly Subscription[];
}

export function messaging(source: Source, { topic, queue: given, delivery }: SourceSpec): Messaging {
  const uid = source.metadata.uid!;
  const queue = given ?? queueName(uid, topic!);
  return {
    queue,
    subscription: topic === undefined ? undefined : { topic, name: subscriptionName(uid, queue) },
    deadLetterQueue: delivery?.deadLetterSink ? undefined : deadLetterQueueName(queue),
  };
}

export function madeBefore({ made }: SourceStatus = {}): Made {
  return { queues: made?.queues ?? [], subscriptions: made?.subscriptions ?? [] };
}

export const queuesOf = ({ queue, deadLetterQueue }: Messaging): string[] =>
  deadLetterQueue === undefined ? [queue] : [queue, deadLetterQueue];

/** What was created, and what is about to be created. */
export function withNew(made: Made, wanted: Messaging, newQueues: readonly string[]): Made {
  const { subscription } = wanted;
  const known = subscription && made.subscriptions.some((other) => same(other, subscription));
  return {
    queues: [...new Set([...made.queues, ...newQueues])],
    subscriptions: subscription && !known ? [...made.subscriptions, subscription] : made.subscriptions,
  };
}

/** Divides what was created into what is still wanted and what is obsolete. */
export function split(made: Made, wanted: Messaging): { kept: Made; obsolete: Made } {
  const wantsQueue = (queue: string) => queuesOf(wanted).includes(queue);
  const wantsSubscription = (other: Subscription) =>
    wanted.subscription !== undefined && same(other, wanted.subscription);
  return {
    kept: {
      queues: made.queues.filter(wantsQueue),
      subscriptions: made.subscriptions.filter(wantsSubscription),
    },
    obsolete: {
      queues: made.queues.filter((queue) => !wantsQueue(queue)),
      subscriptions: made.subscriptions.filter((other) => !wantsSubscription(other)),
    },
  };
}

export const isEmpty = ({ queues, subscriptions }: Made): boolean =>
  queues.length === 0 && subscriptions.length === 0;

/** In words, for an event. */
export function describeMade({ queues, subscriptions }: Made): string {
  return [
    ...subscriptions.map(({ topic, name }) => `subscription ${name} of topic ${topic}`),
    ...queues.map((queue) => `queue ${queue}`),
  ].join(', ');
}

const same = (left: Subscription, right: Subscription): boolean =>
  left.topic === right.topic && left.name === right.name;
