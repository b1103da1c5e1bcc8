import { toAppError } from '../../shared/runtime/errors.ts';
import type { AccountAccess } from './account.ts';
import type { Requirement } from './requirements.ts';

/** What holds images, messages or subscriptions. */
export type StoreRequirement = Extract<Requirement, { kind: 'bucket' | 'queue' | 'topic' }>;

export async function storeExists(
  { kind, name }: StoreRequirement,
  { oss, mns }: AccountAccess,
): Promise<boolean> {
  switch (kind) {
    case 'bucket':
      // An object that does not exist is no error, a bucket that does not exist is one.
      return unlessAbsent(() => oss.bucket(name).head('incoming/'), 'NoSuchBucket');
    case 'queue':
      return unlessAbsent(() => mns.queue(name).attributes(), 'QueueNotExist');
    case 'topic':
      return unlessAbsent(() => mns.checkTopic(name), 'TopicNotExist');
  }
}

async function unlessAbsent(look: () => Promise<unknown>, absent: string): Promise<boolean> {
  try {
    await look();
    return true;
  } catch (error) {
    if (toAppError(error).code === absent) return false;
    throw error;
  }
}
