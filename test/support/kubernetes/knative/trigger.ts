import { at, type KubeObject } from '../api/types.ts';
import type { Client } from '../client/client.ts';
import { RESOURCES } from '../client/resources.ts';
import { resolveDeadLetters } from './broker.ts';
import { type Finding, isReady, writeStatus } from './conditions.ts';
import { type Destination, resolveDestination } from './destination.ts';

const DEPENDENCY = 'knative.dev/dependency';

/** Resolves the subscriber, and sets the conditions of the trigger. */
export async function reconcileTrigger(client: Client, trigger: KubeObject): Promise<void> {
  const { namespace = '' } = trigger.metadata;
  const spec = trigger.spec as { broker: string; subscriber: Destination };
  const broker = await client.get(RESOURCES.brokers, namespace, spec.broker);
  const subscriber = await resolveDestination(client, spec.subscriber, namespace);
  const deadLetters = await resolveDeadLetters(client, trigger);
  const brokerReady: Finding = !broker
    ? { reason: 'BrokerDoesNotExist', message: `Broker "${spec.broker}" does not exist` }
    : isReady(broker) || { reason: 'BrokerNotReady', unknown: true };
  const hasSubscriber = 'url' in subscriber;
  await writeStatus(
    client,
    RESOURCES.triggers,
    trigger,
    {
      BrokerReady: brokerReady,
      DependencyReady: await dependency(client, trigger),
      SubscriberResolved: hasSubscriber || subscriber,
      SubscriptionReady: hasSubscriber || { reason: 'SubscriberNotResolved', unknown: true },
      DeadLetterSinkResolved: deadLetters.finding,
    },
    { subscriberUri: hasSubscriber ? subscriber.url : null, ...deadLetters.fields },
  );
}

/** A trigger may depend on the source of its events, which must have observed its latest generation. */
async function dependency(client: Client, { metadata }: KubeObject): Promise<Finding> {
  const annotation = metadata.annotations?.[DEPENDENCY];
  if (!annotation) return true;
  const { apiVersion, kind, name } = JSON.parse(annotation) as {
    apiVersion: string;
    kind: string;
    name: string;
  };
  const resource = { apiVersion, kind, plural: `${kind.toLowerCase()}s` };
  const found = await client.get(resource, metadata.namespace!, name);
  if (!found) return { reason: 'DependencyDoesNotExist', message: `${kind} "${name}" does not exist` };
  const isObserved = at(found, 'status', 'observedGeneration') === found.metadata.generation;
  return (
    (isObserved && isReady(found)) || {
      reason: 'DependencyNotReady',
      message: `${kind} "${name}" is not ready`,
      unknown: true,
    }
  );
}
