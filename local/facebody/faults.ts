import type { FaceBodyErrorCode } from './errors.ts';

/** What goes wrong with a request, instead of its answer. */
export type FaceBodyFault =
  | { readonly kind: 'error'; readonly code: FaceBodyErrorCode }
  /** The answer comes that much later. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** 502 with a page of HTML, as a gateway gives it. */
  | { readonly kind: 'page' }
  /** 200 without a body. */
  | { readonly kind: 'empty' }
  /** 200 with a request id and no `Data`. */
  | { readonly kind: 'no-data' }
  /** The connection breaks. */
  | { readonly kind: 'reset' };

export interface FaceBodyFaults {
  /** Befalls the next `times` requests of the operation, or of all with `*`, in the order of injection. */
  inject(operation: string, fault: FaceBodyFault, times?: number): void;
  clear(): void;
}

export interface FaceBodyFaultQueue extends FaceBodyFaults {
  /** What befalls this request; each call uses one up. */
  next(operation: string): FaceBodyFault | undefined;
}

export function createFaultQueue(): FaceBodyFaultQueue {
  let queue: { readonly operation: string; readonly fault: FaceBodyFault; left: number }[] = [];
  return {
    inject: (operation, fault, times = 1) => void queue.push({ operation, fault, left: times }),
    clear() {
      queue = [];
    },
    next(operation) {
      const entry = queue.find((candidate) => ['*', operation].includes(candidate.operation));
      if (!entry) return undefined;
      entry.left--;
      if (entry.left <= 0) queue = queue.filter((candidate) => candidate !== entry);
      return entry.fault;
    },
  };
}
