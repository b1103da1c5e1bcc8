import { isAppError } from '../runtime/errors.ts';
import type { MnsClient } from './client.ts';

/** Seven days, so that an outage over a weekend loses no message. */
const RETENTION_SECONDS = 604_800;

/** Creates a queue for events. One that exists with other attributes stays as it is: a person has chosen them. */
export async function createEventQueue(client: MnsClient, queue: string): Promise<void> {
  try {
    await client.createQueue(queue, { messageRetentionPeriod: RETENTION_SECONDS });
  } catch (error) {
    if (!isAppError(error, 'ResourceConflict')) throw error;
  }
}
