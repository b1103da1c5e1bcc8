import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import type { Keyring } from '../access/keyring.ts';
import type { EventPublisher } from '../events/object-change.ts';
import type { Store } from './store/store.ts';

/** What every operation works with. */
export interface OssContext extends RuntimeDeps {
  readonly store: Store;
  /** Such as `cn-hangzhou`. */
  readonly region: string;
  readonly keyring: Keyring;
  readonly events: EventPublisher;
  /** Calls `work` after so many milliseconds, unless the server has closed or was reset before. */
  readonly later: (ms: number, work: () => void) => void;
  /** Milliseconds without a byte after which a connection is closed. */
  readonly idleTimeoutMs: number;
}
