import type { RecordDelivery } from './events.ts';
import type { HandleContext } from './handler.ts';

/**
 * One call of a handler, as the handler sees it. Its signal is made when somebody asks for it: most handlers of small
 * work never do, and it is dear. A class, because an object literal with a getter has a hidden class of its own each
 * time, and with it everything that the getter can reach lives until a full garbage collection.
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
