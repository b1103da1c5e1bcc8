import { createMnsClient } from '../../shared/mns/client.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { type Credentials, staticCredentials } from '../../shared/runtime/credentials.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import type { SendToDestination } from './async-queue.ts';

/** doc: a queue as a destination; other kinds of destinations are not supported here. */
const QUEUE = /^acs:mns:[^:]*:[^:]*:\/queues\/([^/]+)\/messages$/;

/** Throws `ConfigInvalid` unless the destination is an MNS queue. */
function queueOfDestination(arn: string): string {
  const name = QUEUE.exec(arn)?.[1];
  if (name !== undefined) return name;
  throw new AppError(
    'ConfigInvalid',
    `expected a destination acs:mns:<region>:<account>:/queues/<name>/messages, got ${arn}`,
  );
}

/** Sends records to queues. guess: without Base64. */
export function createDestinations(options: {
  readonly mnsUrl: string;
  readonly credentials: Credentials;
  readonly clock: Clock;
}): { send: SendToDestination; close: () => void } {
  const client = createMnsClient({
    endpoint: options.mnsUrl,
    credentials: staticCredentials(options.credentials),
    clock: options.clock,
    timeoutMs: 10_000,
  });
  return {
    async send(arn, record) {
      await client.queue(queueOfDestination(arn)).send(record);
    },
    close: client.close,
  };
}
