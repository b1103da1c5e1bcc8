import type { RuntimeDeps } from '../../../shared/runtime/deps.ts';
import type { Queues } from '../queues.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Topics } from '../topics.ts';
import { accountOperations } from './account.ts';
import { messageOperations } from './messages.ts';
import { queueOperations } from './queues.ts';
import { subscriptionOperations } from './subscriptions.ts';
import { topicOperations } from './topics.ts';

export interface OperationDeps extends Pick<RuntimeDeps, 'random' | 'logger'> {
  readonly queues: Queues;
  readonly topics: Topics;
  readonly ledger: Ledger;
  readonly owner: { readonly region: string; readonly accountId: string };
}

export type Operations = ReturnType<typeof createOperations>;

/** One function per operation. */
export function createOperations({ queues, topics, ledger, owner, logger, random }: OperationDeps) {
  return {
    ...queueOperations(queues, ledger),
    ...messageOperations(queues, owner),
    ...topicOperations(topics, ledger),
    ...subscriptionOperations(topics, owner.accountId),
    ...accountOperations(ledger, { logger, random }),
  };
}
