import type { MnsClient } from '../../shared/mns/client.ts';
import type { Consumer, DeadLetters } from '../../shared/mns/consumer/index.ts';
import type { MessageQueue } from '../../shared/mns/queue.ts';
import type { CredentialProvider } from '../../shared/runtime/credentials.ts';
import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import { connectMns } from './connect.ts';
import { createDeadLetterQueue, createDeadLetterStore } from './dead-letters.ts';
import { ensureQueue } from './ensure-queue.ts';
import { consumerOptions, eventDataOf, type PollerOptions } from './options.ts';
import { createSink } from './sink.ts';

export interface PollerDeps extends RuntimeDeps {
  /** Of the platform: for MNS without a token, for the sink function, and for the bucket of dead letters. */
  readonly credentials: CredentialProvider;
}

export interface Poller {
  readonly consumer: Consumer;
  readonly queue: MessageQueue;
  /** Call it after the consumer has stopped. */
  close(): Promise<void>;
}

/** Connects MNS, sink and dead letters by a consumer, which is not started yet. */
export async function createPoller(options: PollerOptions, deps: PollerDeps): Promise<Poller> {
  const { credentials, clock, random, logger } = deps;
  const { client, endpoint } = connectMns(options, credentials, clock);
  const queueName = await ensureQueue(options, { client, endpoint, clock, random });
  const { topic } = options;
  if (topic) logger.info({ topic, queue: queueName }, 'queue and subscription of the topic exist');
  const queue = client.queue(queueName);
  const sink = await createSink(options, deps);
  const dead = await openDeadLetters(options, client, deps);
  const { createQueueConsumer } = await import('./consume.ts');
  const consumer = createQueueConsumer({
    queue,
    sink,
    deadLetters: dead.letters,
    clock,
    random,
    logger,
    eventData: eventDataOf(options),
    options: consumerOptions(options),
  });
  const names = { queue: queueName, sink: sink.name, deadLetters: dead.letters.name };
  logger.info(names, 'poller is ready to start');
  return {
    consumer,
    queue,
    async close() {
      await Promise.all([sink.close(), dead.close()]);
      client.close();
    },
  };
}

async function openDeadLetters(
  { deadLetters, region, sinkTimeoutSeconds }: PollerOptions,
  mns: MnsClient,
  { credentials, clock, random, logger }: PollerDeps,
): Promise<{ letters: DeadLetters; close: () => Promise<void> }> {
  const timeoutMs = sinkTimeoutSeconds * 1000;
  if (deadLetters.startsWith('mns:')) {
    const queue = mns.queue(deadLetters.slice('mns:'.length));
    return { letters: createDeadLetterQueue(queue), close: async () => {} };
  }
  if (deadLetters.startsWith('oss:')) {
    const { createOssClient } = await import('../../shared/oss/client.ts');
    const [, bucket, prefix] = /^oss:\/\/([^/]+)\/(.*)$/.exec(deadLetters)!;
    const oss = createOssClient({ region: region!, credentials, clock, random, logger, timeoutMs });
    return { letters: createDeadLetterStore(oss.bucket(bucket!), prefix!), close: async () => oss.close() };
  }
  const { createHttpSink } = await import('../../shared/sinks/http.ts');
  const { createDeadLetterSink } = await import('./dead-letter-sink.ts');
  const sink = createHttpSink({ url: deadLetters, timeoutMs, clock });
  return { letters: createDeadLetterSink(sink), close: () => sink.close() };
}
