import { createKeyring } from '../access/keyring.ts';
import type { EventPublisher } from '../events/object-change.ts';
import type { Service, ServiceOptions } from '../http/service.ts';
import { OssRefusal } from './errors.ts';
import { operationOf } from './find-route.ts';
import { createListener, writeRefusal } from './listener.ts';
import { openStore } from './store/store.ts';

/** Objects are kept in `oss/` below the data folder, or in a temporary folder that is deleted on close. */
export interface OssOptions extends ServiceOptions {
  readonly events: EventPublisher;
  /** Milliseconds without a byte after which a connection is closed. @default 60000 */
  readonly idleTimeoutMs?: number;
}

/**
 * An OSS server that official clients cannot tell from the real one. Its listener is for
 * `http.createServer({ insecureHTTPParser: true, requestTimeout: 0 }, listener)`: ali-oss sends both a Content-Length
 * and chunks, and a large upload may take any time while bytes flow. Close that server first.
 */
export async function createOss(options: OssOptions): Promise<Service> {
  const { clock, random, events, logger, idleTimeoutMs = 60_000 } = options;
  const region = options.region.replace(/^oss-/, '');
  const keyring = createKeyring(options);
  const store = await openStore({ ...options, ownerId: keyring.owner.accountId });
  const cancels = new Set<() => void>();
  const later = (ms: number, work: () => void) => {
    const cancel = clock.after(ms, () => {
      cancels.delete(cancel);
      work();
    });
    cancels.add(cancel);
  };
  const cancelAll = () => {
    for (const cancel of cancels) cancel();
    cancels.clear();
  };
  const oss = { store, region, keyring, clock, random, events, logger, later, idleTimeoutMs };
  return {
    listener: createListener(oss),
    operationOf,
    refuse(request, response, kind) {
      const code = kind === 'error' ? 'InternalError' : 'QpsLimitExceeded';
      writeRefusal(request, response, new OssRefusal(code, 'Injected fault.'), oss);
    },
    close() {
      cancelAll();
      return store.close();
    },
    reset() {
      cancelAll();
      return store.reset();
    },
  };
}
