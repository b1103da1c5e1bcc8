import { CloudEvent } from 'cloudevents';
import type { DeadLetters } from '../../shared/mns/consumer/index.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import type { EventSink } from '../../shared/sinks/sink.ts';
import { describeLetter } from './dead-letters.ts';

/** The type of the CloudEvent that carries a `DeadLetter` as its data. */
export const DEAD_LETTER_TYPE = 'mnsoss:DeadLetter:MessageGivenUp';

/** Sends a CloudEvent with the message's id, by which the sink recognizes a second delivery. */
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
        data: describeLetter(letter),
      });
      const delivery = await sink.deliver(event, { signal });
      if (delivery.result === 'accepted') return;
      const code = delivery.result === 'rejected' ? 'SinkRejected' : 'ServiceUnavailable';
      throw new AppError(code, `dead letter ${letter.messageId} was not accepted: ${delivery.reason}`);
    },
  };
}
