import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { SubscriptionSettings } from './settings.ts';
import { createHeap } from './store/heap.ts';
import type { Ledger } from './store/ledger.ts';
import type { Push, SubscriptionRecord } from './store/records.ts';

/** Delivers messages of topics to their endpoints, with the retries of the subscription's strategy. */
export interface Pusher {
  /** Schedules a push that is in the ledger. */
  add(push: Push): void;
  close(): void;
}

/** Makes one attempt; throws if the endpoint does not accept the message. */
export type Deliver = (push: Push, subscription: SubscriptionRecord) => Promise<void>;

interface PusherDeps extends RuntimeDeps {
  readonly ledger: Ledger;
  readonly deliver: Deliver;
}

const MAX_IN_FLIGHT = 16;

/** Also delivers the pushes that an earlier run left in the ledger. */
export function createPusher({ ledger, clock, random, logger, deliver }: PusherDeps): Pusher {
  const { state } = ledger;
  const due = createHeap<Push>((a, b) => a.dueAt < b.dueAt);
  let inFlight = 0;
  let closed = false;
  let cancelTimer = () => {};

  const pump = () => {
    cancelTimer();
    if (closed) return;
    for (let push = due.first(); push && inFlight < MAX_IN_FLIGHT; push = due.first()) {
      if (push.dueAt > clock.now()) {
        cancelTimer = clock.after(push.dueAt - clock.now(), pump);
        return;
      }
      due.remove(push);
      inFlight++;
      void attempt(push).finally(() => {
        inFlight--;
        pump();
      });
    }
  };

  const attempt = async (push: Push) => {
    const subscription = state.topics.get(push.topic)?.subscriptions.get(push.subscription);
    if (!subscription || state.pushes.get(push.id) !== push) return;
    try {
      await deliver(push, subscription);
      ledger.note([{ type: 'push-done', id: push.id }]);
    } catch (error) {
      retryLater(push, subscription, error);
    }
  };

  const retryLater = (push: Push, { settings }: SubscriptionRecord, error: unknown) => {
    if (closed || state.pushes.get(push.id) !== push) return;
    const delay = retryDelay(settings.notifyStrategy, push.failures, random);
    const fields = {
      topic: push.topic,
      subscription: push.subscription,
      messageId: push.messageId,
      failures: push.failures + 1,
      reason: error instanceof Error ? error.message : String(error),
    };
    if (delay === undefined) {
      logger.warn(fields, 'push given up');
      ledger.note([{ type: 'push-done', id: push.id }]);
      return;
    }
    logger.info({ ...fields, delay }, 'push failed');
    const next = { ...push, failures: push.failures + 1, dueAt: clock.now() + delay };
    ledger.note([{ type: 'push', push: next }]);
    due.add(next);
  };

  const add = (push: Push) => {
    due.add(push);
    pump();
  };
  for (const push of state.pushes.values()) add(push);

  return {
    add,
    close() {
      closed = true;
      cancelTimer();
    },
  };
}

/**
 * Milliseconds until the next attempt after `failures` retries; `undefined` if there is none.
 * doc: NotifyStrategy. Backoff: 3 retries after 10–20 s each; decay: 176 retries, doubling from 1 s to 512 s.
 */
export function retryDelay(
  strategy: SubscriptionSettings['notifyStrategy'],
  failures: number,
  random: Random,
): number | undefined {
  if (strategy === 'BACKOFF_RETRY') return failures < 3 ? 10_000 + 10_000 * random() : undefined;
  return failures < 176 ? 1000 * 2 ** Math.min(failures, 9) : undefined;
}
