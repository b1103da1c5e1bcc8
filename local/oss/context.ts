import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { EventEmitterPort } from '../events/object-change.ts';
import type { Keyring } from './auth/authenticate.ts';
import type { Store } from './store/store.ts';

/** What every operation works with. */
export interface OssServer {
  readonly store: Store;
  /** Such as `cn-hangzhou`. */
  readonly region: string;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventEmitterPort;
  readonly logger: Logger;
  /** Milliseconds without a byte after which a connection is given up. */
  readonly idleTimeoutMs: number;
}

/** 24 upper-case hex digits. */
export function newRequestId(random: Random): string {
  return hex(random, 24).toUpperCase();
}

/** 32 upper-case hex digits. */
export function newUploadId(random: Random): string {
  return hex(random, 32).toUpperCase();
}

/** Opaque; unique also when a seeded generator starts anew on kept data, as time has gone on. */
export function newVersionId(random: Random, time: number): string {
  const bytes = Buffer.from(`${time.toString(16).padStart(12, '0')}${hex(random, 36)}`, 'hex');
  return `CAE${bytes.toString('base64url')}`;
}

function hex(random: Random, digits: number): string {
  let text = '';
  while (text.length < digits) {
    text += Math.floor(random() * 0x1_0000)
      .toString(16)
      .padStart(4, '0');
  }
  return text.slice(0, digits);
}
