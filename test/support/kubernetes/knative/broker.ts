import { at, type KubeObject } from '../api/types.ts';
import type { Client } from '../client/client.ts';
import { RESOURCES } from '../client/resources.ts';
import { type Finding, writeStatus } from './conditions.ts';
import { type Destination, resolveDestination } from './destination.ts';

const CLASS = 'eventing.knative.dev/broker.class';

/** Gives the broker its class, if it has none, and its address at the ingress. */
export async function reconcileBroker(client: Client, broker: KubeObject, ingress: string): Promise<void> {
  const { namespace = '', name, annotations } = broker.metadata;
  if (!annotations?.[CLASS]) {
    const metadata = { annotations: { [CLASS]: 'MTChannelBasedBroker' } };
    await client.patch(RESOURCES.brokers, namespace, name, 'merge', { metadata });
    return;
  }
  const deadLetters = await resolveDeadLetters(client, broker);
  await writeStatus(
    client,
    RESOURCES.brokers,
    broker,
    {
      Addressable: true,
      FilterReady: true,
      IngressReady: true,
      TriggerChannelReady: true,
      DeadLetterSinkResolved: deadLetters.finding,
    },
    { address: { name: 'http', url: `${ingress}/${namespace}/${name}` }, ...deadLetters.fields },
  );
}

/** `status.deadLetterSinkUri`, where the delivery names a dead-letter sink. */
export async function resolveDeadLetters(client: Client, object: KubeObject) {
  const sink = at(object, 'spec', 'delivery', 'deadLetterSink') as Destination | undefined;
  if (!sink) return { finding: true as Finding, fields: { deadLetterSinkUri: null } };
  const found = await resolveDestination(client, sink, object.metadata.namespace!);
  return 'url' in found
    ? { finding: true as Finding, fields: { deadLetterSinkUri: found.url } }
    : { finding: found as Finding, fields: { deadLetterSinkUri: null } };
}
