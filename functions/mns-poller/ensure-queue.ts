import { accountFromEndpoint, queueAddress } from '../../shared/mns/account.ts';
import type { MnsClient } from '../../shared/mns/client.ts';
import { createEventQueue } from '../../shared/mns/create-queue.ts';
import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import { retry } from '../../shared/runtime/retry.ts';
import type { PollerOptions } from './options.ts';

export interface EnsureQueueDeps extends Pick<RuntimeDeps, 'clock' | 'random'> {
  readonly client: MnsClient;
  readonly endpoint: string;
}

const RETRY = { attempts: 5, baseMs: 500, capMs: 8_000 };

/**
 * The name of the queue to read. For a topic, the queue and its subscription are created if they do not exist; every replica
 * does so at every start. The subscription has the name of the queue: pollers with different queues all get every event.
 */
export async function ensureQueue(options: PollerOptions, deps: EnsureQueueDeps): Promise<string> {
  const { topic } = options;
  if (!topic) return options.queue!;
  const queue = options.queue ?? topic;
  const account = accountFromEndpoint(deps.endpoint, options);
  await retry(
    async () => {
      await createEventQueue(deps.client, queue);
      await deps.client.subscribe(topic, queue, {
        endpoint: queueAddress(account, queue),
        format: 'SIMPLIFIED',
      });
    },
    { ...RETRY, clock: deps.clock, random: deps.random },
  );
  return queue;
}
