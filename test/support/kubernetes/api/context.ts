import type { Tokens } from './access/authenticate.ts';
import type { Access } from './access/authorize.ts';
import type { FaultGate } from './faults.ts';
import type { Registry } from './registry.ts';
import type { Store } from './store.ts';

/** What every handler works with. */
export interface Context {
  readonly store: Store;
  readonly registry: Registry;
  readonly tokens: Tokens;
  readonly access: Access;
  readonly faults: FaultGate;
  /** Milliseconds since the epoch. */
  now(): number;
  newUid(): string;
  /** Where logs of a node's containers are read; it is asked as the API asks a kubelet. */
  readonly fetch: typeof fetch;
}

/** Times of the API are whole seconds. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
