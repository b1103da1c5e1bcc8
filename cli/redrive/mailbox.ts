import { text } from 'node:stream/consumers';
import { MAX_BATCH, MIN_VISIBILITY_SECONDS } from '../../shared/mns/limits.ts';
import type { MessageQueue } from '../../shared/mns/queue.ts';
import type { ObjectStore } from '../../shared/oss/object-store.ts';
import { AppError, isAppError } from '../../shared/runtime/errors.ts';
import { withoutSecrets } from '../../shared/runtime/without-secrets.ts';
import type { CloudTarget } from './cloud-target.ts';
import { type Letter, readLetter } from './letter.ts';

/** A letter that was taken out for its redrive. */
export interface TakenLetter extends Letter {
  /** Removes it, after another side has accepted it. */
  remove(): Promise<void>;
  /** Makes it visible to others again. */
  putBack(): Promise<void>;
}

/** A queue or a prefix with dead letters. */
export interface Mailbox {
  readonly name: string;
  /** Of a queue at most the first sixteen, as MNS shows no more without hiding them. `total` counts all. */
  look(): Promise<{ letters: Letter[]; total: number }>;
  /** Each letter once, and possibly letters that arrive in the meantime. */
  take(): AsyncIterable<TakenLetter>;
}

/** Opens `mns:<queue>` or `oss://<bucket>/<prefix>`. Throws `ConfigInvalid`. */
export function openMailbox(from: string, { queue, openBucket }: CloudTarget): Mailbox {
  const [, queueName] = /^mns:(.+)$/.exec(from) ?? [];
  if (queueName) return queueMailbox(queue(queueName));
  const [, bucketName, prefix = ''] = /^oss:\/\/([^/]+)\/(.*)$/.exec(from) ?? [];
  if (bucketName) return bucketMailbox(openBucket(bucketName), prefix);
  throw new AppError(
    'ConfigInvalid',
    `${withoutSecrets(from)} is neither mns:<queue> nor oss://<bucket>/<prefix>`,
  );
}

function queueMailbox(queue: MessageQueue): Mailbox {
  const show = async (receiptHandle: string) => {
    try {
      await queue.changeVisibility(receiptHandle, MIN_VISIBILITY_SECONDS);
    } catch (error) {
      // The message has become visible by itself.
      if (!isAppError(error, 'MessageNotExist')) throw error;
    }
  };
  return {
    name: `mns:${queue.name}`,
    async look() {
      const { activeMessages, inactiveMessages, delayMessages } = await queue.attributes();
      const messages = await queue.peek(MAX_BATCH);
      return {
        letters: messages.map(({ body, messageId }) => readLetter(body, messageId)),
        total: activeMessages + inactiveMessages + delayMessages,
      };
    },
    async *take() {
      const seen = new Set<string>();
      for (;;) {
        const messages = await queue.receive({ max: MAX_BATCH, waitSeconds: 0 });
        // A letter that was put back is received again: then every letter was taken once.
        const fresh = messages.filter(({ messageId }) => !seen.has(messageId));
        for (const message of messages) if (!fresh.includes(message)) await show(message.receiptHandle);
        if (fresh.length === 0) return;
        for (const { messageId, body, receiptHandle } of fresh) {
          seen.add(messageId);
          yield {
            ...readLetter(body, messageId),
            remove: async () => {
              const [failure] = await queue.delete([receiptHandle]);
              if (failure)
                throw new AppError(
                  'MessageNotExist',
                  `it was sent, but it took too long and the letter is in the queue again: ${failure.message}`,
                );
            },
            putBack: () => show(receiptHandle),
          };
        }
      }
    },
  };
}

function bucketMailbox(store: ObjectStore, prefix: string): Mailbox {
  const read = async (key: string) => readLetter(await text((await store.get(key)).body), key);
  return {
    name: `oss://${store.bucket}/${prefix}`,
    async look() {
      const letters: Letter[] = [];
      for await (const { key } of store.list({ prefix })) letters.push(await read(key));
      return { letters, total: letters.length };
    },
    async *take() {
      for await (const { key } of store.list({ prefix })) {
        yield { ...(await read(key)), remove: () => store.delete(key), putBack: async () => {} };
      }
    },
  };
}
