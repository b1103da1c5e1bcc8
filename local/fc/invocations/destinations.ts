import { createMnsClient } from '../../../shared/mns/client.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { type Credentials, staticCredentials } from '../../../shared/runtime/credentials.ts';
import { AppError } from '../../../shared/runtime/errors.ts';

/** Sends the record of an invocation to its destination, with the keys of the function's role. */
export type SendToDestination = (
  arn: string,
  record: string,
  credentials: Credentials | undefined,
) => Promise<void>;

const IN_MNS = /^acs:mns:[^:]*:[^:]*:\/(queues|topics)\/([^/]+)\/messages$/;
const FUNCTION = /^acs:fc:[^:]*:[^:]*:functions\/([^/]+)$/;

/** guess: without Base64. */
export function createDestinations(options: {
  readonly mnsUrl: string;
  readonly clock: Clock;
  readonly invokeAsync: (name: string, event: Buffer) => Promise<string>;
}): SendToDestination {
  const { mnsUrl: endpoint, clock, invokeAsync } = options;
  return async (arn, record, credentials) => {
    const [, kind, name = ''] = IN_MNS.exec(arn) ?? [];
    const [, functionName] = FUNCTION.exec(arn) ?? [];
    if (functionName !== undefined) return void (await invokeAsync(functionName, Buffer.from(record)));
    if (kind === undefined) {
      throw new AppError(
        'ConfigInvalid',
        `expected a destination acs:mns:<region>:<account>:/queues/<name>/messages, got ${arn}`,
      );
    }
    if (!credentials)
      throw new AppError('CredentialsMissing', `the function has no role that may send to ${arn}`);
    const client = createMnsClient({
      endpoint,
      credentials: staticCredentials(credentials),
      clock,
      timeoutMs: 10_000,
    });
    try {
      if (kind === 'queues') await client.queue(name).send(record);
      else await client.publishMessage(name, record);
    } finally {
      client.close();
    }
  };
}
