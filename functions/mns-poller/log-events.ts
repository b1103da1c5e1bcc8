import type { Consumer } from '../../shared/mns/consumer/index.ts';
import type { AppError } from '../../shared/runtime/errors.ts';
import type { LogFields, Logger } from '../../shared/runtime/log.ts';

/** One line for everything that a person on call may ask about; what goes well is a metric only. */
export function logEvents({ on }: Consumer, logger: Logger): void {
  on('serviceFailed', ({ error, failures, retryInMs }) =>
    logger.warn(
      { ...fieldsOf(error), failures, retryInMs: Math.round(retryInMs) },
      'the queue does not answer',
    ),
  );
  on('serviceRecovered', ({ failures }) => logger.info({ failures }, 'the queue answers again'));
  on('concurrencyChanged', ({ limit }) => logger.info({ limit }, 'concurrency adapted to the sink'));
  on('messageRetried', (event) => logger.info({ ...event }, 'message is tried again'));
  on('messageDeadLettered', (event) => logger.warn({ ...event }, 'message given up'));
  on('deadLetterFailed', ({ messageId, error }) =>
    logger.error({ messageId, ...fieldsOf(error) }, 'dead letter not stored; the message stays in the queue'),
  );
  on('messageTimedOut', (event) => logger.warn({ ...event }, 'message was worked on for too long'));
  on('messageLost', (event) => logger.warn({ ...event }, 'message was redelivered before it was finished'));
  on('deleteFailed', ({ messageIds, error }) =>
    logger.warn({ messageIds, ...fieldsOf(error) }, 'messages not deleted yet'),
  );
  on('renewalFailed', ({ messageId, error }) =>
    logger.warn({ messageId, ...fieldsOf(error) }, 'visibility not renewed yet'),
  );
  on('releaseFailed', ({ messageId, error }) =>
    logger.warn({ messageId, ...fieldsOf(error) }, 'message not handed back; it reappears by itself'),
  );
}

function fieldsOf({ code, message, details }: AppError): LogFields {
  return { code, reason: message, ...details };
}
