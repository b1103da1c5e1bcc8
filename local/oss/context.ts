import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { Keyring } from '../access/keyring.ts';
import type { EventPublisher } from '../events/object-change.ts';
import type { Store } from './store/store.ts';

/** What every operation works with. */
export interface OssContext {
  readonly store: Store;
  /** Such as `cn-hangzhou`. */
  readonly region: string;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventPublisher;
  readonly logger: Logger;
  /** Milliseconds without a byte after which a connection is closed. */
  readonly idleTimeoutMs: number;
}
