import { createMnsClient } from '../../../shared/mns/client.ts';
import { createConsumer } from '../../../shared/mns/consumer/index.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import type { Running, Settings } from '../contender.ts';

export function start({ url, concurrency, visibilitySeconds, handle }: Settings): Running {
  const credentials = staticCredentials({ accessKeyId: 'id', accessKeySecret: 'secret' });
  const client = createMnsClient({ endpoint: url, credentials, clock: systemClock, timeoutMs: 10_000 });
  const consumer = createConsumer({
    queue: client.queue('bench'),
    handle: async ({ body }) => {
      await handle(body);
      return { result: 'accepted' };
    },
    deadLetters: {
      name: 'none',
      put: async ({ reason }) => {
        throw new Error(reason);
      },
    },
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
    options: { concurrency, prefetch: concurrency, visibilitySeconds, retry: { baseMs: 1000, capMs: 2000 } },
  });
  consumer.start();
  return {
    async stop() {
      await consumer.stop();
      client.close();
    },
  };
}
