import { access } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { FaceEngine } from '../shared/faces/engine.ts';
import { type AdvanceableClock, type Clock, systemClock, travellingClock } from '../shared/runtime/clock.ts';
import type { Credentials } from '../shared/runtime/credentials.ts';
import { type Logger, silentLogger } from '../shared/runtime/log.ts';
import type { Random } from '../shared/runtime/random.ts';
import type { Account, FindTemporaryCredential } from './access/account.ts';
import { createSts } from './access/sts.ts';
import { createClosers } from './closers.ts';
import { lockDataDir } from './disk/data-lock.ts';
import type { EventPublisher, ObjectChange } from './events/object-change.ts';
import { createEmbeddedEngine } from './facebody/embedded-engine.ts';
import { createFaceBody, type LocalFaceBody } from './facebody/index.ts';
import { createFaults, type Faults } from './faults.ts';
import { type FunctionInvocations, type LocalFc, type LocalFcOptions, startLocalFc } from './fc/index.ts';
import { type Gateway, openGateway } from './gateway/index.ts';
import { hexId } from './http/ids.ts';
import { listen } from './http/server.ts';
import { createMns, type LocalMns } from './mns/index.ts';
import { createOss } from './oss/index.ts';
import type { Platform } from './platform.ts';
import { createEventRules, type EventRules, type NewEventRule } from './rules/index.ts';

/** The options of `startLocalCloud`. */
export interface LocalCloudOptions {
  /** Port of OSS; 0 takes any free port. @default 0 */
  readonly port?: number;
  /** Port of MNS and of the event rules' management API; 0 takes any free port. @default 0 */
  readonly mnsPort?: number;
  /** Port of FaceBody; 0 takes any free port. @default 0 */
  readonly facebodyPort?: number;
  /**
   * Port of Function Compute, RAM, STS, resource manager and Log Service, and of the gateway to all services by their host
   * names; 0 takes any free port. @default 0
   */
  readonly fcPort?: number;
  /** Port of the gateway for TLS; 0 takes any free port. @default no TLS */
  readonly tlsPort?: number;
  /** Milliseconds after which an instance of a deployed function without a call ends. @default 300000 */
  readonly functionIdleMs?: number;
  /**
   * The folder that keeps objects, messages, rules, face databases and functions; only one cloud at a time may use it.
   * @default nothing survives `close`
   */
  readonly dataDir?: string;
  /** @default 'cn-hangzhou' */
  readonly region?: string;
  /** Who may send requests; the first account owns queues, topics, rules and functions. @default [DEFAULT_ACCOUNT] */
  readonly accounts?: readonly Account[];
  /** Refuses wrong signatures as the services do. @default true */
  readonly checkSignatures?: boolean;
  /**
   * Drives visibility, delay, retention, long polls, retries and expiry, and the check of signatures. The cloud's own
   * `clock` may be ahead of it; clients sign by this one.
   * @default the system's clock
   */
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: Random;
  /** @default nothing is logged */
  readonly logger?: Logger;
  /** Event rules to create, unless a rule of that name exists. @default [] */
  readonly rules?: readonly NewEventRule[];
  /** Decides which requests the injected faults affect. @default 1 */
  readonly faultSeed?: number;
  /** FaceBody's requests per second for each operation. @default 2, as for pay-as-you-go accounts */
  readonly facebodyQuota?: number | ((operation: string) => number);
  /** Finds the faces for FaceBody; the caller closes it. @default the embedded engine, loaded with the first picture */
  readonly faceEngine?: Pick<FaceEngine, 'open'>;
}

/** A running local cloud. All addresses are on loopback. */
export interface LocalCloud {
  readonly oss: {
    /** `http://127.0.0.1:<port>` */
    readonly url: string;
  };
  readonly mns: Pick<LocalMns, 'ensureQueue'> & {
    /** `http://127.0.0.1:<port>` */
    readonly url: string;
  };
  readonly facebody: Pick<LocalFaceBody, 'faults' | 'quotas' | 'stats'> & {
    /** `http://127.0.0.1:<port>` */
    readonly url: string;
    /** `127.0.0.1:<port>`: the endpoint for its SDK, also the one that authorizes uploads. */
    readonly endpoint: string;
  };
  readonly fc: {
    /** `http://127.0.0.1:<port>`: the endpoint of Function Compute, RAM, STS, resource manager and Log Service. */
    readonly url: string;
    /** The invocations of the functions that were deployed. */
    functions(): Promise<FunctionInvocations>;
  };
  /** The gateway with TLS, if it was asked for. */
  readonly tls: Gateway['tls'];
  /** The event rules that send notifications of OSS to MNS. */
  readonly rules: Pick<EventRules, 'create' | 'ensure' | 'get' | 'list' | 'delete'>;
  readonly faults: Faults;
  /** The access key of the first account. */
  readonly credentials: Credentials;
  /**
   * Issues temporary credentials of the first account, as a function or a pod receives them for its role.
   * @param options.durationMs milliseconds until they expire; an hour by default
   */
  issueCredentials(options?: { durationMs?: number }): Required<Credentials>;
  /** Finds temporary credentials that were issued. */
  readonly temporaryCredentials: FindTemporaryCredential;
  /** Id of the first account. */
  readonly accountId: string;
  readonly region: string;
  /** The given clock if it can be advanced; otherwise one that runs with it and can be advanced. */
  readonly clock: AdvanceableClock;
  /** Calls the listener for every change of an object, with or without event rules; returns what removes it. */
  onObjectChange(listener: (change: ObjectChange) => void): () => void;
  /** Starts another Function Compute, for functions in folders; it is closed with the cloud. Nothing of it is loaded before. */
  startFc(options: LocalFcOptions): Promise<LocalFc>;
  /** Deletes all data, rules, faults, roles and deployed functions. Functions of `startFc` stay. */
  reset(): Promise<void>;
  /** Stops all servers. */
  close(): Promise<void>;
}

/** The account of a cloud that is started without `accounts`. */
export const DEFAULT_ACCOUNT: Account = {
  accountId: '1234567890123456',
  accessKeyId: 'LOCALACCESSKEYID',
  accessKeySecret: 'local-access-key-secret',
};

/**
 * Starts OSS, MNS, the event rules between them, and FaceBody on loopback, for official SDKs and any other client.
 *
 * @example
 * import OSS from 'ali-oss';
 * import { startLocalCloud } from 'mnsoss-face/local';
 *
 * const cloud = await startLocalCloud(); // free ports, nothing on disk
 * const oss = new OSS({
 *   ...cloud.credentials,
 *   endpoint: cloud.oss.url.replace('127.0.0.1', 'localhost'),
 *   sldEnable: true,
 *   region: `oss-${cloud.region}`,
 *   bucket: 'photos',
 * });
 * await oss.putBucket('photos');
 * await oss.put('a.txt', Buffer.from('hello'));
 * await cloud.close();
 *
 * @throws `EADDRINUSE` if a port is taken, and `ConfigInvalid` if another process uses the data folder; then nothing
 *   stays open
 */
export async function startLocalCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const {
    port = 0,
    mnsPort = 0,
    facebodyPort = 0,
    fcPort = 0,
    tlsPort,
    functionIdleMs,
    dataDir,
    region = 'cn-hangzhou',
    accounts = [DEFAULT_ACCOUNT],
    checkSignatures = true,
    clock: givenClock = systemClock,
    random = Math.random,
    logger = silentLogger,
    faultSeed = 1,
    facebodyQuota: quota,
    faceEngine,
  } = options;
  const { accountId, accessKeyId, accessKeySecret } = accounts[0] ?? DEFAULT_ACCOUNT;
  const clock = isAdvanceable(givenClock) ? givenClock : travellingClock(givenClock);
  const faults = createFaults({ seed: faultSeed, clock });
  const sts = createSts({ accountId, clock, random });
  const temporaryCredentials = sts.find;
  const common = { temporaryCredentials, dataDir, region, accounts, clock, random, checkSignatures, logger };

  const closers = createClosers();
  try {
    if (dataDir !== undefined) {
      const onLost = (error: unknown) => {
        logger.error({ err: error }, 'another process uses the data folder: this local cloud closes');
        void closers.close();
      };
      closers.add(await lockDataDir(dataDir, { onLost }));
    }
    // The address must be known before messages of an earlier run are pushed with it.
    let onMnsPort: RequestListener = (_, response) => void response.writeHead(503).end();
    const mnsServer = await listen((request, response) => onMnsPort(request, response), { port: mnsPort });
    closers.add(mnsServer.close);
    const mns = await createMns({ ...common, baseUrl: () => mnsServer.url, faults: faults.delivery });
    closers.add(mns.close);
    closers.add(mnsServer.stopListening);
    const rules = await createEventRules({ ...common, target: mns.target });
    closers.add(rules.close);
    const [toMns, toRules] = [faults.wrap(mns), faults.wrap(rules)];
    onMnsPort = (request, response) =>
      rules.operationOf(request) === undefined ? toMns(request, response) : toRules(request, response);

    const listeners = new Set<(change: ObjectChange) => void>();
    const events: EventPublisher = {
      emit(change) {
        for (const listener of listeners) listener(change);
        return rules.emit(change);
      },
    };
    const platformAccount = newPlatformAccount(random);
    // Code is uploaded to a bucket of the platform.
    const oss = await createOss({ ...common, events, accounts: [...accounts, platformAccount] });
    closers.add(oss.close);
    const toOss = faults.wrap(oss);
    const ossServer = await listen(toOss, {
      port,
      insecureHTTPParser: true,
      requestTimeout: 0,
    });
    closers.add(ossServer.close);

    const embedded = createEmbeddedEngine();
    closers.add(embedded.close);
    const faceBody = await createFaceBody({ ...common, engine: faceEngine ?? embedded, quota });
    closers.add(faceBody.close);
    const toFaceBody = faults.wrap(faceBody);
    const faceBodyServer = await listen(toFaceBody, { port: facebodyPort });
    closers.add(faceBodyServer.close);
    for (const rule of options.rules ?? []) if (!rules.get(rule.name)) await rules.create(rule);

    const onObjectChange: LocalCloud['onObjectChange'] = (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    };
    const openPlatform = async (): Promise<Platform> => {
      const { openPlatform: open } = await import('./platform.ts');
      return open({
        ...common,
        sts,
        platformAccount,
        urls: { oss: ossServer.url, mns: mnsServer.url, facebody: faceBodyServer.url },
        url: () => gateway.url,
        gateway: () => gateway,
        onObjectChange,
        failsInside: faults.delivery.failsInside,
        idleMs: functionIdleMs,
      });
    };
    let platform: Promise<Platform> | undefined;
    const openedPlatform = () => {
      platform ??= openPlatform();
      return platform;
    };
    const platformListener = (name: 'fc' | 'ram' | 'logs') => async () =>
      faults.wrap((await openedPlatform())[name]);
    const gateway = await openGateway({
      port: fcPort,
      tlsPort,
      dataDir,
      clock,
      services: {
        oss: () => toOss,
        mns: () => onMnsPort,
        facebody: () => toFaceBody,
        fc: platformListener('fc'),
        ram: platformListener('ram'),
        logs: platformListener('logs'),
      },
    });
    closers.add(gateway.close);
    closers.add(async () => (await platform)?.close());
    closers.add(gateway.stopListening);
    // Triggers of an earlier run fire again.
    if (dataDir !== undefined && (await hasFunctions(dataDir))) await openedPlatform();

    const cloud: LocalCloud = {
      oss: { url: ossServer.url },
      mns: { url: mnsServer.url, ensureQueue: mns.ensureQueue },
      facebody: {
        url: faceBodyServer.url,
        endpoint: new URL(faceBodyServer.url).host,
        faults: faceBody.faults,
        quotas: faceBody.quotas,
        stats: faceBody.stats,
      },
      fc: {
        url: gateway.url,
        functions: async () => (await openedPlatform()).fc.invocations,
      },
      tls: gateway.tls,
      rules,
      faults,
      credentials: { accessKeyId, accessKeySecret },
      issueCredentials: sts.issue,
      temporaryCredentials,
      accountId,
      region,
      clock,
      onObjectChange,
      async startFc(fcOptions) {
        const fc = await startLocalFc(cloud, { checkSignatures, random, logger, ...fcOptions });
        closers.add(fc.close);
        return fc;
      },
      async reset() {
        faults.clear();
        await (await platform)?.reset();
        for (const service of [rules, oss, mns, faceBody]) await service.reset();
      },
      close: closers.close,
    };
    return cloud;
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** The platform's own account: nobody else knows its key, and no list of the other accounts shows what it owns. */
function newPlatformAccount(random: Random): Account {
  return { accountId: '1000000000000000', accessKeyId: 'PLATFORM', accessKeySecret: hexId(random, 32) };
}

async function hasFunctions(dataDir: string): Promise<boolean> {
  return access(join(dataDir, 'fc/functions')).then(
    () => true,
    () => false,
  );
}

function isAdvanceable(clock: Clock): clock is AdvanceableClock {
  return 'advance' in clock;
}
