import type { OssObjectEvent } from '../../shared/envelope/event.ts';
import type { Outcome } from '../../shared/pipeline/outcome.ts';
import type { Pipeline } from '../../shared/pipeline/pipeline.ts';
import { toAppError } from '../../shared/runtime/errors.ts';

type Listener = (event: OssObjectEvent, outcome: Outcome) => void;

/** Collects the outcomes of one key. Watch before the upload: the outcome may arrive before the answer to the upload. */
export interface KeyWatch {
  /** The outcome of the write with this OSS request id. Rejects when a wrong setting prevents every outcome. */
  of(requestId: string): Promise<Outcome>;
  close(): void;
}

/** Reports the outcome of each upload to its uploader. */
export interface OutcomeBoard {
  /** The same pipeline; the board records its outcomes. */
  observe(process: Pipeline): Pipeline;
  onOutcome(listener: Listener): void;
  watch(key: string): KeyWatch;
}

interface Watch {
  readonly outcomes: Map<string, Outcome>;
  readonly waiting: Map<string, { resolve: (outcome: Outcome) => void; reject: (error: Error) => void }>;
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

  /** The messages stay in the queue, but no caller should wait until a person corrects the configuration. */
  const giveUp = (error: Error) => {
    for (const watch of [...watches.values()].flatMap((set) => [...set])) {
      for (const { reject } of watch.waiting.values()) reject(error);
    }
  };

  return {
    observe: (process) => async (event, context) => {
      try {
        const outcome = await process(event, context);
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
