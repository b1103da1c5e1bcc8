import type { OssObjectEvent } from '../shared/envelope/event.ts';
import type { Dispatch, DispatchOutcome } from '../shared/pipeline/dispatch.ts';
import { toAppError } from '../shared/runtime/errors.ts';

type Listener = (event: OssObjectEvent, outcome: DispatchOutcome) => void;

/** The outcomes of one key, from before its upload on: an outcome may come before the upload's own answer. */
export interface KeyWatch {
  /** The outcome of the write with this OSS request id; rejects when nothing can succeed any more. */
  of(requestId: string): Promise<DispatchOutcome>;
  close(): void;
}

/** Tells uploaders what became of their uploads. */
export interface OutcomeBoard {
  /** The same work, observed. */
  observe(work: Dispatch): Dispatch;
  onOutcome(listener: Listener): void;
  watch(key: string): KeyWatch;
}

interface Watch {
  readonly outcomes: Map<string, DispatchOutcome>;
  readonly waiting: Map<
    string,
    { resolve: (outcome: DispatchOutcome) => void; reject: (error: Error) => void }
  >;
}

export function createOutcomeBoard(): OutcomeBoard {
  const watches = new Map<string, Set<Watch>>();
  const listeners: Listener[] = [];

  const report: Listener = (event, outcome) => {
    for (const watch of watches.get(event.key) ?? []) {
      watch.outcomes.set(event.requestId, outcome);
      watch.waiting.get(event.requestId)?.resolve(outcome);
    }
    for (const listener of listeners) listener(event, outcome);
  };

  /** Messages stay in the queue, but nobody should wait for a person to mend the configuration. */
  const giveUp = (error: Error) => {
    for (const watch of [...watches.values()].flatMap((set) => [...set])) {
      for (const { reject } of watch.waiting.values()) reject(error);
    }
  };

  return {
    observe: (work) => async (event, context) => {
      try {
        const outcome = await work(event, context);
        report(event, outcome);
        return outcome;
      } catch (error) {
        if (toAppError(error).kind === 'misconfigured') giveUp(error as Error);
        throw error;
      }
    },
    onOutcome: (listener) => void listeners.push(listener),
    watch(key) {
      const watch: Watch = { outcomes: new Map(), waiting: new Map() };
      const siblings = watches.get(key) ?? new Set();
      watches.set(key, siblings.add(watch));
      return {
        of: (requestId) =>
          new Promise((resolve, reject) => {
            const outcome = watch.outcomes.get(requestId);
            if (outcome) resolve(outcome);
            else watch.waiting.set(requestId, { resolve, reject });
          }),
        close() {
          siblings.delete(watch);
          if (siblings.size === 0) watches.delete(key);
        },
      };
    },
  };
}
