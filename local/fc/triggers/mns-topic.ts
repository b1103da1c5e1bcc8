import { createMnsClient, type MnsClient } from '../../../shared/mns/client.ts';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { toAppError } from '../../../shared/runtime/errors.ts';
import { isSame } from '../../access/compare.ts';
import type { Headers } from '../../http/headers.ts';
import { FcRefusal } from '../errors.ts';
import type { TopicTriggerConfig } from '../settings/trigger.ts';
import { functionArn } from '../store/records.ts';
import { type RunningTrigger, type TriggerDeps, type TriggerOf, targetOf } from './runner.ts';

/** A trigger whose topic pushes its messages to this server. */
export interface TopicTrigger extends RunningTrigger {
  /** Accepts a pushed message. Throws `FcRefusal` unless the subscription of this trigger pushed it. */
  receive(secret: string, body: Buffer, headers: Headers): Promise<void>;
}

/** The path at which a trigger receives messages; only the topic knows the secret. */
const pathOf = ({ functionName, trigger }: TriggerOf, secret: string) =>
  `/mns-topic/${functionName}/${trigger.triggerName}/${secret}`;

const subscriptionOf = ({ functionName, trigger }: TriggerOf) =>
  `fc-${functionName}-${trigger.triggerName}`.replaceAll('_', '-').slice(0, 120);

const topicOf = ({ trigger }: TriggerOf) => trigger.sourceArn?.split('/').pop() ?? '';

/** Throws `InvalidArgument` if the topic does not exist. */
export async function checkTopic(of: TriggerOf, deps: TriggerDeps): Promise<void> {
  await withClient(deps, (client) => client.checkTopic(topicOf(of))).catch((error: unknown) => {
    throw new FcRefusal(
      'InvalidArgument',
      `sourceArn: ${of.trigger.sourceArn}: ${toAppError(error).message}`,
    );
  });
}

/**
 * Subscribes to the topic, whose retries are those of the trigger. The subscription is new at each start: the port of this
 * server may have changed. guess: the function is invoked asynchronously, so that a message is done when it is accepted.
 */
export async function startTopicTrigger(
  of: TriggerOf,
  config: TopicTriggerConfig,
  deps: TriggerDeps,
): Promise<TopicTrigger> {
  const secret = deps.newId().replace(/\W/g, '');
  const { notifyStrategy: strategy, filterTag } = config;
  await withClient(deps, async (client) => {
    await client.unsubscribe(topicOf(of), subscriptionOf(of));
    await client.subscribe(topicOf(of), subscriptionOf(of), {
      endpoint: `${deps.url()}${pathOf(of, secret)}`,
      format: 'SIMPLIFIED',
      strategy,
      filterTag: filterTag || undefined,
    });
  });
  return {
    async receive(given, body, headers) {
      if (!isSame(given, secret))
        throw new FcRefusal('AccessDenied', 'the subscription does not exist any more');
      checkRole(of, deps);
      await deps.invocations.invokeAsync(targetOf(of), eventOf(body, headers, config));
    },
    stop: () => withClient(deps, (client) => client.unsubscribe(topicOf(of), subscriptionOf(of))),
  };
}

/** MNS invokes the function with the role of the trigger. */
export function checkRole({ functionName, trigger }: TriggerOf, deps: TriggerDeps): void {
  if (!trigger.invocationRole) return;
  deps.checkRole?.(trigger.invocationRole, {
    service: 'mns.aliyuncs.com',
    action: 'fc:InvokeFunction',
    resource: functionArn(deps, functionName),
  });
}

/** doc: the bytes of the message, or an envelope whose time is a number. */
function eventOf(body: Buffer, headers: Headers, { notifyContentFormat }: TopicTriggerConfig): Buffer {
  if (notifyContentFormat === 'STREAM') return body;
  const tag = headers['x-mns-message-tag'];
  return Buffer.from(
    JSON.stringify({
      TopicOwner: headers['x-mns-topic-owner'],
      TopicName: headers['x-mns-topic-name'],
      Subscriber: headers['x-mns-subscriber'],
      SubscriptionName: headers['x-mns-subscription-name'],
      MessageId: headers['x-mns-message-id'],
      Message: body.toString(),
      MessageMD5: headers['content-md5'],
      ...(tag && { MessageTag: tag }),
      PublishTime: Number(headers['x-mns-publish-time']),
    }),
  );
}

async function withClient<T>(
  { mnsUrl: endpoint, credentials, clock }: TriggerDeps,
  work: (client: MnsClient) => Promise<T>,
): Promise<T> {
  const client = createMnsClient({
    endpoint,
    credentials: staticCredentials(credentials),
    clock,
    timeoutMs: 10_000,
  });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
