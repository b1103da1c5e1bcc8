import type { RecordDelivery } from './events.ts';
import type { HandleContext } from './types.ts';

/**
 * One call of a handler, as the handler sees it. The signal is created on first access: most handlers of small tasks never
 * read it, and it is expensive. A class, because every object literal with a getter has its own hidden class, which
 * keeps everything that the getter can reach until a full garbage collection.
 */
export class Attempt implements HandleContext {
  readonly attempt: number;
  readonly recordDelivered: (delivery: RecordDelivery) => void;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(attempt: number, recordDelivered: (delivery: RecordDelivery) => void) {
    this.attempt = attempt;
    this.recordDelivered = recordDelivered;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  isAborted(): boolean {
    return this.#reason !== undefined;
  }

  /** The first reason stays. */
  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }
}
