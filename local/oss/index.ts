import type { RequestListener } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { EventEmitterPort } from '../rules/change.ts';
import { isSkewed } from '../skew.ts';
import type { Account } from '../types.ts';
import type { FindTemporaryCredential } from './auth/caller.ts';
import { createListener } from './listener.ts';
import { openStore } from './store/store.ts';

export type { EventEmitterPort, ObjectChange } from '../rules/change.ts';
export type { FindTemporaryCredential, TemporaryCredential } from './auth/caller.ts';
export { operationOf } from './find-route.ts';

export interface OssOptions {
  /** Objects lie in `oss/` below it; absent: in a temporary directory that is removed on close. */
  readonly dataDir?: string | undefined;
  /** Such as `cn-hangzhou`. */
  readonly region: string;
  readonly accounts: readonly Account[];
  readonly clock: Clock;
  readonly random: Random;
  /** Off: every request is taken for who it says it is, unsigned ones for the first account's. */
  readonly checkSignatures: boolean;
  readonly events: EventEmitterPort;
  readonly logger: Logger;
  /** Looks up the access keys that STS gave out. */
  readonly temporaryCredentials?: FindTemporaryCredential;
  /** Milliseconds without a byte after which a connection is given up; 60,000 unless told. */
  readonly idleTimeoutMs?: number;
}

export interface LocalOss {
  /**
   * For `http.createServer({ insecureHTTPParser: true, requestTimeout: 0 }, listener)`: ali-oss sends both a
   * Content-Length and chunks, and a large upload may take any time as long as bytes flow.
   */
  readonly listener: RequestListener;
  /** Releases the storage. The server that uses the listener is closed first. */
  close(): Promise<void>;
  /** Forgets all buckets. */
  reset(): Promise<void>;
}

/** An OSS server that official clients cannot tell from the real one. */
export async function createOss(options: OssOptions): Promise<LocalOss> {
  const {
    dataDir,
    accounts,
    checkSignatures,
    temporaryCredentials,
    idleTimeoutMs = 60_000,
    ...rest
  } = options;
  const store = await openStore(dataDir);
  const listener = createListener({
    ...rest,
    store,
    idleTimeoutMs,
    region: options.region.replace(/^oss-/, ''),
    keyring: {
      accounts,
      checkSignatures,
      findTemporary: temporaryCredentials,
      isSkewed: (signedAt) => isSkewed(signedAt, options.clock),
    },
  });
  return { listener, close: store.close, reset: store.reset };
}
