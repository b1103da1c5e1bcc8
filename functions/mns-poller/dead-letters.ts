import { gzipSync } from 'node:zlib';
import type { DeadLetter, DeadLetters } from '../../shared/mns/consumer/index.ts';
import { MAX_MESSAGE_BYTES } from '../../shared/mns/limits.ts';
import type { MessageQueue } from '../../shared/mns/queue.ts';
import type { ObjectStore } from '../../shared/oss/object-store.ts';

/** Writes `<prefix><queue>/<message id>.json`. A letter that is written twice is still one object. */
export function createDeadLetterStore(store: ObjectStore, prefix: string): DeadLetters {
  return {
    name: `oss://${store.bucket}/${prefix}`,
    async put(letter, { signal }) {
      const key = `${prefix}${letter.queue}/${letter.messageId}.json`;
      const body = Buffer.from(`${JSON.stringify(describeLetter(letter), undefined, 2)}\n`);
      await store.put(key, body, { contentType: 'application/json', signal });
    },
  };
}

/** Sends one message in JSON to another queue. */
export function createDeadLetterQueue(queue: MessageQueue): DeadLetters {
  return {
    name: `mns:${queue.name}`,
    async put(letter) {
      await queue.send(textOf(letter));
    },
  };
}

/**
 * A body that is too large is sent as `bodyGzip`, in Base64. If that is too large as well, only the body is sent, which a person
 * needs to send it again. Then the reason is only in the log.
 */
function textOf(letter: DeadLetter): string {
  const { body, ...rest } = describeLetter(letter);
  const fits = (text: string) => Buffer.byteLength(text) <= MAX_MESSAGE_BYTES;
  const plain = JSON.stringify({ ...rest, body });
  if (fits(plain)) return plain;
  const packed = JSON.stringify({ ...rest, bodyGzip: gzipSync(letter.body).toString('base64') });
  return fits(packed) ? packed : letter.body;
}

/** Times are in ISO 8601. */
export function describeLetter(letter: DeadLetter): Record<string, unknown> {
  const { enqueueTime, firstDequeueTime, deadTime, ...rest } = letter;
  return {
    ...rest,
    enqueueTime: new Date(enqueueTime).toISOString(),
    firstDequeueTime: new Date(firstDequeueTime).toISOString(),
    deadTime: new Date(deadTime).toISOString(),
  };
}
