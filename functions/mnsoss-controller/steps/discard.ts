import type { MnsClient } from '../../../shared/mns/client.ts';
import { isAppError } from '../../../shared/runtime/errors.ts';
import type { ControllerDeps } from '../deps.ts';
import type { Made } from '../desired/messaging.ts';
import type { Source } from '../source/source.ts';

/** Deletes what was created. A queue that still holds messages is kept, and an event says so. */
export async function discard(
  source: Source,
  made: Made,
  client: MnsClient,
  deps: Pick<ControllerDeps, 'record'>,
): Promise<void> {
  await unsubscribe(client, made);
  for (const queue of made.queues) {
    const messages = await messagesIn(client, queue);
    if (messages === 0) await client.deleteQueue(queue);
    if (messages > 0) await deps.record(source, keptNote(queue, messages));
  }
}

export async function unsubscribe(client: MnsClient, { subscriptions }: Made): Promise<void> {
  for (const { topic, name } of subscriptions) {
    try {
      await client.unsubscribe(topic, name);
    } catch (error) {
      if (!isAppError(error, 'TopicNotExist')) throw error;
    }
  }
}

/** Zero when the queue does not exist. */
export async function messagesIn(client: MnsClient, queue: string): Promise<number> {
  try {
    const { activeMessages, inactiveMessages, delayMessages } = await client.queue(queue).attributes();
    return activeMessages + inactiveMessages + delayMessages;
  } catch (error) {
    if (isAppError(error, 'QueueNotExist')) return 0;
    throw error;
  }
}

const keptNote = (queue: string, messages: number) =>
  ({
    type: 'Warning',
    reason: 'QueueKept',
    message: `queue ${queue} still holds ${messages} messages and was not deleted: name it in spec.queue of a source to process them, or delete it in MNS`,
  }) as const;
