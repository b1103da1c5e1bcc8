import type { MnsClient } from '../../shared/mns/client.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { isMnsossError, MnsossError } from '../../shared/runtime/errors.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { retry } from '../../shared/runtime/retry.ts';
import type { PollerOptions } from './options.ts';

export interface EnsureQueueParts {
  readonly client: MnsClient;
  readonly endpoint: string;
  readonly clock: Clock;
  readonly random: Random;
}

const RETRY = { attempts: 5, baseMs: 500, capMs: 8_000 };
/** An event rule's topic keeps its messages for a day; an outage over a weekend should lose none either. */
const RETENTION_SECONDS = 604_800;
const SUBSCRIPTION = 'mnsoss-poller';

/**
 * The name of the queue to read. Given a topic, its queue and the subscription between them are made unless they
 * exist, so that every replica may do it at every start.
 */
export async function ensureQueue(options: PollerOptions, parts: EnsureQueueParts): Promise<string> {
  const { topic } = options;
  if (!topic) return options.queue!;
  const queue = options.queue ?? topic;
  const { region, accountId } = placeOf(options, parts.endpoint);
  await retry(
    async () => {
      await createQueue(parts.client, queue);
      await parts.client.subscribe(topic, SUBSCRIPTION, {
        endpoint: `acs:mns:${region}:${accountId}:queues/${queue}`,
        format: 'SIMPLIFIED',
      });
    },
    { ...RETRY, clock: parts.clock, random: parts.random },
  );
  return queue;
}

/** A queue that exists with other attributes was made by a person, who knows why. */
async function createQueue(client: MnsClient, queue: string): Promise<void> {
  try {
    await client.createQueue(queue, { messageRetentionPeriod: RETENTION_SECONDS });
  } catch (error) {
    if (!isMnsossError(error, 'ResourceConflict')) throw error;
  }
}

/** From the options, or from an endpoint such as `https://<account>.mns.<region>-internal.aliyuncs.com`. */
function placeOf(
  { region, accountId }: PollerOptions,
  endpoint: string,
): { region: string; accountId: string } {
  const [, hostAccount, hostRegion] =
    /^(\d+)\.mns\.([a-z0-9-]+?)(?:-internal(?:-vpc)?)?\.aliyuncs\.com$/.exec(new URL(endpoint).hostname) ??
    [];
  const place = { region: region ?? hostRegion, accountId: accountId ?? hostAccount };
  if (place.region && place.accountId) return { region: place.region, accountId: place.accountId };
  throw new MnsossError(
    'ConfigInvalid',
    'MNS_TOPIC needs REGION and FC_ACCOUNT_ID, as the endpoint names neither',
  );
}
