import type { Tokens } from './access/authenticate.ts';
import type { Access } from './access/authorize.ts';
import type { FaultGate } from './faults.ts';
import type { Registry } from './registry.ts';
import type { Store } from './store.ts';

/** Dependencies of all handlers. */
export interface Context {
  readonly store: Store;
  readonly registry: Registry;
  readonly tokens: Tokens;
  readonly access: Access;
  readonly faults: FaultGate;
  /** Milliseconds since the epoch. */
  now(): number;
  newUid(): string;
  /** Reads logs of containers from the kubelet of a node. */
  readonly fetch: typeof fetch;
}

/** A time of the API, in whole seconds. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
