import type { Clock } from '../../runtime/clock.ts';
import type { ReceivedMessage } from '../queue.ts';
import type { Attempt } from './attempt.ts';
import type { VisibilityKeeper } from './visibility-keeper.ts';

/** A message between its receipt and its end in this process. */
export interface InFlightMessage {
  readonly message: ReceivedMessage;
  readonly keeper: VisibilityKeeper;
  phase: 'ready' | 'running' | 'waiting' | 'leaving';
  /** Attempts under the present receipt. */
  attempts: number;
  attempt?: Attempt;
  cancelWait?: () => void;
}

export interface InFlightMessages {
  add(item: InFlightMessage): void;
  delete(item: InFlightMessage): void;
  size(): number;
  all(): InFlightMessage[];
  /** Resolves when there is none, or after `limitMs`. */
  empty(limitMs: number): Promise<void>;
}

export function createInFlightMessages(clock: Clock): InFlightMessages {
  // Not a Set: after many items have passed through one, its outgrown tables stay and keep those items alive.
  const items: InFlightMessage[] = [];
  let onEmpty = () => {};
  return {
    add: (item) => void items.push(item),
    delete(item) {
      const index = items.indexOf(item);
      if (index < 0) return;
      const last = items.pop()!;
      if (index < items.length) items[index] = last;
      if (items.length === 0) onEmpty();
    },
    size: () => items.length,
    all: () => [...items],
    empty: (limitMs) =>
      new Promise((resolve) => {
        if (items.length === 0) return resolve();
        const cancel = clock.after(limitMs, resolve);
        onEmpty = () => {
          cancel();
          resolve();
        };
      }),
  };
}
