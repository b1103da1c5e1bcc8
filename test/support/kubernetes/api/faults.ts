import type { ResourcePath } from './paths.ts';
import { ApiError, conflict } from './status.ts';

export interface RequestFault {
  /** Verbs of the affected requests. Default: all. */
  readonly verbs?: readonly string[];
  /** Plural names. */
  readonly resources?: readonly string[];
  /** Number of affected requests. Default: all until it is cleared. */
  readonly times?: number;
  readonly kind: 'error' | 'conflict' | 'latency';
  /** For `latency`. */
  readonly ms?: number;
}

export interface FaultGate {
  inject(fault: RequestFault): void;
  clear(): void;
  /** Number of affected requests since the start. */
  hits(): number;
  /** Throws or waits according to the faults. */
  pass(verb: string, path: ResourcePath): Promise<void>;
}

const WRITES = new Set(['create', 'update', 'patch', 'delete']);

export function createFaultGate(sleep: (ms: number) => Promise<void>): FaultGate {
  let faults: { fault: RequestFault; left: number }[] = [];
  let hits = 0;
  return {
    inject: (fault) => void faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
    clear() {
      faults = [];
    },
    hits: () => hits,
    async pass(verb, { plural, group, name }) {
      for (const entry of faults) {
        const { kind, verbs, resources, ms = 0 } = entry.fault;
        const applies =
          entry.left > 0 &&
          (verbs?.includes(verb) ?? (kind !== 'conflict' || WRITES.has(verb))) &&
          (resources?.includes(plural) ?? true);
        if (!applies) continue;
        entry.left--;
        hits++;
        if (kind === 'latency') await sleep(ms);
        else if (kind === 'conflict') throw conflict({ group, kind: plural, name: name ?? '' });
        else
          throw new ApiError(
            500,
            'InternalError',
            'an error on the server has prevented the request from succeeding',
          );
      }
    },
  };
}
