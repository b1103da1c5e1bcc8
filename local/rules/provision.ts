import { queueAddress } from '../../shared/mns/account.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import type { NotificationTarget } from '../events/notification-target.ts';
import type { EventRule, NewEventRule } from './rule.ts';

export interface ProvisionDeps {
  readonly region: string;
  readonly accountId: string;
  readonly target: NotificationTarget;
  readonly clock: Clock;
}

/** Creates what a broadcast rule needs in MNS, under the names that the console gives; an own topic needs nothing. */
export async function provision(spec: NewEventRule, deps: ProvisionDeps): Promise<EventRule> {
  const { target, clock } = deps;
  const { name, endpoints, delivery = 'broadcast', format = 'SIMPLIFIED' } = spec;
  const created = clock.now();
  if (delivery === 'direct') return { ...spec, delivery, format, created };
  const [first] = endpoints;
  if (first?.type === 'topic') return { ...spec, delivery, format, created, topic: first.name };
  const topic = `mns-en-topics-oss-${name}-${created}`;
  await target.createTopic(topic);
  for (const [index, endpoint] of endpoints.entries()) {
    const address = endpoint.type === 'http' ? endpoint.url : queueAddress(deps, endpoint.name);
    await target.subscribe(topic, `mns-en-subs-oss-${name}-${index + 1}-${created}`, address, { format });
  }
  return { ...spec, delivery, format, created, topic };
}

/** Sends a notification to the topic or the queue of a rule. */
export function deliveryOf(
  { name, topic, endpoints }: EventRule,
  target: NotificationTarget,
): (body: string) => Promise<unknown> {
  if (topic !== undefined) return (body) => target.publish(topic, body);
  const [endpoint] = endpoints;
  if (endpoint?.type === 'queue') return (body) => target.send(endpoint.name, body);
  throw new AppError('ConfigInvalid', `rule ${name} has neither topic nor queue`);
}
