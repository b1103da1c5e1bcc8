import type { IncomingMessage, RequestListener } from 'node:http';
import type { FaceEngine } from '../shared/faces/engine.ts';
import { type AdvanceableClock, type Clock, systemClock, travellingClock } from '../shared/runtime/clock.ts';
import type { Credentials } from '../shared/runtime/credentials.ts';
import { type Logger, silentLogger } from '../shared/runtime/log.ts';
import type { Random } from '../shared/runtime/random.ts';
import { createEmbeddedEngine } from './facebody/embedded-engine.ts';
import { createFaceBody, operationOf as faceBodyOperationOf, type LocalFaceBody } from './facebody/index.ts';
import { createFaults, type Faults } from './faults.ts';
import { listen } from './http/server.ts';
import { createMns, operationOf as mnsOperationOf, type QueueSettings } from './mns/index.ts';
import { createMnsOpen, openOperationOf } from './rules/listener.ts';
import { createOss, operationOf as ossOperationOf } from './oss/index.ts';
import {
  createEventRules,
  type EventEmitterPort,
  type EventRules,
  type NewEventRule,
  type ObjectChange,
} from './rules/index.ts';
import { createSts } from './access/sts.ts';
import type { Account } from './access/account.ts';

export interface LocalCloudOptions {
  /** Of OSS; 0, the default, takes any free port. */
  readonly port?: number;
  /** Of MNS; 0, the default, takes any free port. */
  readonly mnsPort?: number;
  /** Of FaceBody; 0, the default, takes any free port. */
  readonly facebodyPort?: number;
  /** Where objects, messages, rules and face databases are kept; a cloud without one forgets everything when it closes. */
  readonly dataDir?: string;
  /** `cn-hangzhou` by default. */
  readonly region?: string;
  /** The first one owns queues, topics and rules; a fixed one by default. */
  readonly accounts?: readonly Account[];
  /** On by default: a wrong signature is refused as the service refuses it. */
  readonly checkSignatures?: boolean;
  /**
   * Drives visibility, delay, retention, long polls, retries and expiry, and judges when requests were signed; the
   * system's by default. Advancing the cloud's own clock takes it ahead of this one, by which clients go on signing.
   */
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** Created at the start, unless a rule of that name is there from an earlier run. */
  readonly rules?: readonly NewEventRule[];
  /** Which requests the injected faults befall. */
  readonly faultSeed?: number;
  /** Requests a second that FaceBody takes of each operation; 2 by default, as pay-as-you-go accounts have. */
  readonly facebodyQuota?: number | ((operation: string) => number);
  /** Finds FaceBody's faces; the embedded one by default, loaded with the first picture. The caller closes it. */
  readonly faceEngine?: Pick<FaceEngine, 'analyze'>;
}

/** OSS, MNS, the event rules between them, and FaceBody, on loopback, for official SDKs and our own programs alike. */
export interface LocalCloud {
  readonly oss: { readonly url: string };
  readonly mns: {
    readonly url: string;
    /** Creates the queue, or gives it these settings. */
    ensureQueue(name: string, settings?: Partial<QueueSettings>): Promise<void>;
  };
  readonly facebody: Pick<LocalFaceBody, 'faults' | 'quotas' | 'stats'> & {
    readonly url: string;
    /** Host and port, as its SDK wants the endpoint, and as the endpoint that authorizes uploads. */
    readonly endpoint: string;
  };
  readonly rules: Pick<EventRules, 'create' | 'ensure' | 'get' | 'list' | 'delete'>;
  readonly faults: Faults;
  /** Of the first account. */
  readonly credentials: Credentials;
  /** New temporary credentials of the first account, as a function or a pod gets them from its role. */
  issueCredentials(options?: { durationMs?: number }): Required<Credentials>;
  readonly accountId: string;
  readonly region: string;
  /** The clock given, when that can be advanced; else one that goes on with it and can be taken ahead. */
  readonly clock: AdvanceableClock;
  /** Tells of every change of an object, as triggers beside the event rules are told; returns what ends it. */
  onObjectChange(listener: (change: ObjectChange) => void): () => void;
  /** Back to an empty cloud, without rules and faults. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export const DEFAULT_ACCOUNT: Account = {
  accountId: '1234567890123456',
  accessKeyId: 'LOCALACCESSKEYID',
  accessKeySecret: 'local-access-key-secret',
};

export async function startLocalCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const {
    port = 0,
    mnsPort = 0,
    facebodyPort = 0,
    dataDir,
    region = 'cn-hangzhou',
    accounts = [DEFAULT_ACCOUNT],
    checkSignatures = true,
    clock: givenClock = systemClock,
    random = Math.random,
    logger = silentLogger,
    faultSeed = 1,
    facebodyQuota,
    faceEngine,
  } = options;
  const owner = accounts[0] ?? DEFAULT_ACCOUNT;
  const { accountId } = owner;
  const clock = isAdvanceable(givenClock) ? givenClock : travellingClock(givenClock);
  const faults = createFaults({ seed: faultSeed, clock });
  const sts = createSts({ accountId, clock, random });
  const common = {
    temporaryCredentials: sts.find,
    dataDir,
    region,
    accounts,
    clock,
    random,
    checkSignatures,
    logger,
  };

  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  try {
    // The address is known before messages of an earlier run are pushed with it.
    let onMnsPort: RequestListener = (_, response) => void response.writeHead(503).end();
    const mnsOperation = (request: IncomingMessage) => openOperationOf(request) ?? mnsOperationOf(request);
    const mnsServer = await listen(
      faults.wrap('mns', (request, response) => onMnsPort(request, response), mnsOperation),
      { port: mnsPort },
    );
    closers.push(mnsServer.close);
    const mns = await createMns({ ...common, baseUrl: () => mnsServer.url, faults: faults.delivery });
    closers.push(mns.close, async () => mnsServer.stopListening());
    const rules = await createEventRules({ ...common, accountId, target: mns.target });
    const mnsOpen = createMnsOpen({ ...common, rules });
    onMnsPort = (request, response) =>
      openOperationOf(request) === undefined ? mns.listener(request, response) : mnsOpen(request, response);
    const listeners = new Set<(change: ObjectChange) => void>();
    const events: EventEmitterPort = {
      emit(change) {
        for (const listener of listeners) listener(change);
        return rules.emit(change);
      },
    };
    const oss = await createOss({ ...common, events });
    closers.push(oss.close);
    const ossServer = await listen(faults.wrap('oss', oss.listener, ossOperationOf), {
      port,
      insecureHTTPParser: true,
      requestTimeout: 0,
    });
    closers.push(ossServer.close);
    const embedded = createEmbeddedEngine();
    closers.push(embedded.close);
    const faceBody = await createFaceBody({
      ...common,
      engine: faceEngine ?? embedded,
      quota: facebodyQuota,
    });
    closers.push(faceBody.close);
    const faceBodyServer = await listen(faults.wrap('facebody', faceBody.listener, faceBodyOperationOf), {
      port: facebodyPort,
    });
    closers.push(faceBodyServer.close);
    for (const rule of options.rules ?? []) if (!rules.get(rule.name)) await rules.create(rule);

    return {
      oss: { url: ossServer.url },
      mns: { url: mnsServer.url, ensureQueue: mns.ensureQueue },
      facebody: {
        url: faceBodyServer.url,
        endpoint: new URL(faceBodyServer.url).host,
        faults: faceBody.faults,
        quotas: faceBody.quotas,
        stats: faceBody.stats,
      },
      rules,
      faults,
      credentials: { accessKeyId: owner.accessKeyId, accessKeySecret: owner.accessKeySecret },
      issueCredentials: sts.issue,
      accountId,
      region,
      clock,
      onObjectChange(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      async reset() {
        faults.clear();
        await rules.reset();
        await oss.reset();
        await mns.reset();
        await faceBody.reset();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function isAdvanceable(clock: Clock): clock is AdvanceableClock {
  return 'advance' in clock;
}
