import { CloudEvent } from 'cloudevents';
import type { DeadLetter, DeadLetters } from '../../shared/mns/consumer/index.ts';
import type { MessageQueue } from '../../shared/mns/queue.ts';
import type { ObjectStore } from '../../shared/oss/object-store.ts';
import { MnsossError } from '../../shared/runtime/errors.ts';
import type { EventSink } from '../../shared/sinks/sink.ts';

/** MNS's largest message, in bytes. */
const MAX_MESSAGE_BYTES = 65_536;

/** The type of the CloudEvent that carries a `DeadLetter` as its data. */
export const DEAD_LETTER_TYPE = 'mnsoss:DeadLetter:MessageGivenUp';

/** As `<prefix><queue>/<message id>.json`; a letter written twice is one object. */
export function createDeadLetterStore(store: ObjectStore, prefix: string): DeadLetters {
  return {
    name: `oss://${store.bucket}/${prefix}`,
    async put(letter, { signal }) {
      const key = `${prefix}${letter.queue}/${letter.messageId}.json`;
      const body = Buffer.from(`${JSON.stringify(describe(letter), undefined, 2)}\n`);
      await store.put(key, body, { contentType: 'application/json', signal });
    },
  };
}

/**
 * As one message of another queue, in JSON. A letter too large for MNS goes as the bare original body, which is what
 * a person needs to send it again; the reason is then in the log alone.
 */
export function createDeadLetterQueue(queue: MessageQueue): DeadLetters {
  return {
    name: `mns:${queue.name}`,
    async put(letter) {
      const text = JSON.stringify(describe(letter));
      await queue.send(Buffer.byteLength(text) <= MAX_MESSAGE_BYTES ? text : letter.body);
    },
  };
}

/** As a CloudEvent with the message's id, so that a second delivery can be told. */
export function createDeadLetterSink(sink: EventSink): DeadLetters {
  return {
    name: sink.name,
    async put(letter, { signal }) {
      const event = new CloudEvent({
        id: letter.messageId,
        type: DEAD_LETTER_TYPE,
        source: `/queues/${letter.queue}`,
        time: new Date(letter.deadTime).toISOString(),
        datacontenttype: 'application/json',
        data: describe(letter),
      });
      const delivery = await sink.deliver(event, { signal });
      if (delivery.result === 'accepted') return;
      const code = delivery.result === 'rejected' ? 'SinkRejected' : 'ServiceUnavailable';
      throw new MnsossError(code, `dead letter ${letter.messageId} was not taken: ${delivery.reason}`);
    },
  };
}

/** Times as a person reads them. */
function describe(letter: DeadLetter): Record<string, unknown> {
  const { enqueueTime, firstDequeueTime, deadTime, ...rest } = letter;
  return {
    ...rest,
    enqueueTime: new Date(enqueueTime).toISOString(),
    firstDequeueTime: new Date(firstDequeueTime).toISOString(),
    deadTime: new Date(deadTime).toISOString(),
  };
}
