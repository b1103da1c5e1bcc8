import type { FaceBodyErrorCode } from './errors.ts';

/** A fault that replaces the answer to a request. */
export type FaceBodyFault =
  | { readonly kind: 'error'; readonly code: FaceBodyErrorCode }
  /** Delays the answer. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Status 502 with an HTML page, as a gateway answers. */
  | { readonly kind: 'page' }
  /** Status 200 without a body. */
  | { readonly kind: 'empty' }
  /** Status 200 with a request id and no `Data`. */
  | { readonly kind: 'no-data' }
  /** Breaks the connection. */
  | { readonly kind: 'reset' };

export interface FaceBodyFaults {
  /** Affects the next `times` requests of an operation, or of all operations with `*`. @param times 1 by default */
  inject(operation: string, fault: FaceBodyFault, times?: number): void;
  clear(): void;
}

export interface FaceBodyFaultQueue extends FaceBodyFaults {
  /** The fault of this request; each call consumes one. */
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
