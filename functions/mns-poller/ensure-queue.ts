import { accountFromEndpoint, queueAddress } from '../../shared/mns/account.ts';
import type { MnsClient } from '../../shared/mns/client.ts';
import { createEventQueue } from '../../shared/mns/create-queue.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { retry } from '../../shared/runtime/retry.ts';
import type { PollerOptions } from './options.ts';

export interface EnsureQueueParts {
  readonly client: MnsClient;
  readonly endpoint: string;
  readonly clock: Clock;
  readonly random: Random;
}

const RETRY = { attempts: 5, baseMs: 500, capMs: 8_000 };

/**
 * The name of the queue to read. Given a topic, its queue and the subscription between them are made unless they
 * exist, so that every replica may do it at every start. The subscription has the name of the queue: pollers with queues
 * of their own each get every event of the topic.
 */
export async function ensureQueue(options: PollerOptions, parts: EnsureQueueParts): Promise<string> {
  const { topic } = options;
  if (!topic) return options.queue!;
  const queue = options.queue ?? topic;
  const account = accountFromEndpoint(parts.endpoint, options);
  await retry(
    async () => {
      await createEventQueue(parts.client, queue);
      await parts.client.subscribe(topic, queue, {
        endpoint: queueAddress(account, queue),
        format: 'SIMPLIFIED',
      });
    },
    { ...RETRY, clock: parts.clock, random: parts.random },
  );
  return queue;
}
