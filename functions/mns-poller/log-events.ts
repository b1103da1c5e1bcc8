import type { Consumer } from '../../shared/mns/consumer/index.ts';
import type { AppError } from '../../shared/runtime/errors.ts';
import type { LogFields, Logger } from '../../shared/runtime/log.ts';

/** Logs every problem in one line. Successes are only counted as metrics. */
export function logEvents({ on }: Consumer, logger: Logger): void {
  on('serviceFailed', ({ error, failures, retryInMs }) =>
    logger.warn(
      { ...fieldsOf(error), failures, retryInMs: Math.round(retryInMs) },
      'the queue does not answer',
    ),
  );
  on('serviceRecovered', ({ failures }) => logger.info({ failures }, 'the queue answers again'));
  on('concurrencyChanged', ({ limit }) => logger.info({ limit }, 'concurrency adapted to the sink'));
  on('messageRetried', (event) => logger.info({ ...event }, 'message is retried'));
  on('messageDeadLettered', (event) => logger.warn({ ...event }, 'message dead-lettered'));
  on('deadLetterFailed', ({ messageId, error }) =>
    logger.error({ messageId, ...fieldsOf(error) }, 'dead letter not stored; the message stays in the queue'),
  );
  on('messageTimedOut', (event) => logger.warn({ ...event }, 'handling the message took too long'));
  on('messageLost', (event) => logger.warn({ ...event }, 'message was redelivered before it was finished'));
  on('deleteFailed', ({ messageIds, error }) =>
    logger.warn({ messageIds, ...fieldsOf(error) }, 'messages not deleted yet'),
  );
  on('renewalFailed', ({ messageId, error }) =>
    logger.warn({ messageId, ...fieldsOf(error) }, 'visibility not renewed yet'),
  );
  on('releaseFailed', ({ messageId, error }) =>
    logger.warn({ messageId, ...fieldsOf(error) }, 'message not released; it reappears by itself'),
  );
}

function fieldsOf({ code, message, details }: AppError): LogFields {
  return { code, reason: message, ...details };
}
