import { isAppError } from '../runtime/errors.ts';
import type { MnsClient } from './client.ts';

/** An event rule's topic keeps its messages for a day; an outage over a weekend should lose none either. */
const RETENTION_SECONDS = 604_800;

/** Makes a queue for events. One that exists with other attributes was made by a person, who knows why. */
export async function createEventQueue(client: MnsClient, queue: string): Promise<void> {
  try {
    await client.createQueue(queue, { messageRetentionPeriod: RETENTION_SECONDS });
  } catch (error) {
    if (!isAppError(error, 'ResourceConflict')) throw error;
  }
}
