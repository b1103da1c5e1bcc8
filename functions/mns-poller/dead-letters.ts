import { gzipSync } from 'node:zlib';
import type { DeadLetter, DeadLetters } from '../../shared/mns/consumer/index.ts';
import { MAX_MESSAGE_BYTES } from '../../shared/mns/limits.ts';
import type { MessageQueue } from '../../shared/mns/queue.ts';
import type { ObjectStore } from '../../shared/oss/object-store.ts';

/** As `<prefix><queue>/<message id>.json`; a letter written twice is one object. */
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

/** As one message of another queue, in JSON. */
export function createDeadLetterQueue(queue: MessageQueue): DeadLetters {
  return {
    name: `mns:${queue.name}`,
    async put(letter) {
      await queue.send(textOf(letter));
    },
  };
}

/**
 * A body that leaves no room for the rest goes as `bodyGzip`, in Base64. What is too large even so is the bare body,
 * which is what a person needs to send it again; the reason is in the log alone then.
 */
function textOf(letter: DeadLetter): string {
  const { body, ...rest } = describeLetter(letter);
  const fits = (text: string) => Buffer.byteLength(text) <= MAX_MESSAGE_BYTES;
  const plain = JSON.stringify({ ...rest, body });
  if (fits(plain)) return plain;
  const packed = JSON.stringify({ ...rest, bodyGzip: gzipSync(letter.body).toString('base64') });
  return fits(packed) ? packed : letter.body;
}

/** Times as a person reads them. */
export function describeLetter(letter: DeadLetter): Record<string, unknown> {
  const { enqueueTime, firstDequeueTime, deadTime, ...rest } = letter;
  return {
    ...rest,
    enqueueTime: new Date(enqueueTime).toISOString(),
    firstDequeueTime: new Date(firstDequeueTime).toISOString(),
    deadTime: new Date(deadTime).toISOString(),
  };
}
