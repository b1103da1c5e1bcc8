import type { ResourcePath } from './paths.ts';
import { ApiError, conflict } from './status.ts';

export interface RequestFault {
  /** Which requests; absent means every. */
  readonly verbs?: readonly string[];
  /** Plural names. */
  readonly resources?: readonly string[];
  /** How many requests are hit; the next ones pass. Default: until it is cleared. */
  readonly times?: number;
  readonly kind: 'error' | 'conflict' | 'latency';
  /** For `latency`. */
  readonly ms?: number;
}

export interface FaultGate {
  inject(fault: RequestFault): void;
  clear(): void;
  /** How many requests were hit since the start. */
  hits(): number;
  /** Throws or waits as the faults say. */
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
