import type { IncomingMessage, RequestListener } from 'node:http';
import { type Clock, systemClock } from '../shared/runtime/clock.ts';
import type { Credentials } from '../shared/runtime/credentials.ts';
import { type Logger, silentLogger } from '../shared/runtime/log.ts';
import type { Random } from '../shared/runtime/random.ts';
import { createFaults, type Faults } from './faults.ts';
import { listen } from './http-server.ts';
import { createMns, operationOf as mnsOperationOf, type QueueSettings } from './mns/index.ts';
import { createMnsOpen, openOperationOf } from './mns-open/index.ts';
import { createOss, operationOf as ossOperationOf } from './oss/index.ts';
import { createEventRules, type EventRules, type NewEventRule } from './rules/index.ts';
import { createSts } from './sts.ts';
import type { Account } from './types.ts';

export interface LocalCloudOptions {
  /** Of OSS; 0, the default, takes any free port. */
  readonly port?: number;
  /** Of MNS; 0, the default, takes any free port. */
  readonly mnsPort?: number;
  /** Where objects, messages and rules are kept; a cloud without one forgets everything when it closes. */
  readonly dataDir?: string;
  /** `cn-hangzhou` by default. */
  readonly region?: string;
  /** The first one owns queues, topics and rules; a fixed one by default. */
  readonly accounts?: readonly Account[];
  /** On by default: a wrong signature is refused as the service refuses it. */
  readonly checkSignatures?: boolean;
  /** Judges signatures and drives visibility, delay, retention, long polls and retries. */
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** Created at the start, unless a rule of that name is there from an earlier run. */
  readonly rules?: readonly NewEventRule[];
  /** Which requests the injected faults befall. */
  readonly faultSeed?: number;
}

/** OSS, MNS and the event rules between them, on loopback, for official SDKs and our own programs alike. */
export interface LocalCloud {
  readonly oss: { readonly url: string };
  readonly mns: {
    readonly url: string;
    /** Creates the queue, or gives it these settings. */
    ensureQueue(name: string, settings?: Partial<QueueSettings>): Promise<void>;
  };
  readonly rules: Pick<EventRules, 'create' | 'ensure' | 'get' | 'list' | 'delete'>;
  readonly faults: Faults;
  /** Of the first account. */
  readonly credentials: Credentials;
  /** New temporary credentials of the first account, as a function or a pod gets them from its role. */
  issueCredentials(options?: { durationMs?: number }): Required<Credentials>;
  readonly accountId: string;
  readonly region: string;
  readonly clock: Clock;
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
    dataDir,
    region = 'cn-hangzhou',
    accounts = [DEFAULT_ACCOUNT],
    checkSignatures = true,
    clock = systemClock,
    random = Math.random,
    logger = silentLogger,
    faultSeed = 1,
  } = options;
  const owner = accounts[0] ?? DEFAULT_ACCOUNT;
  const { accountId } = owner;
  const faults = createFaults({ seed: faultSeed, clock });
  const sts = createSts({ accountId, clock, random });
  const common = {
    temporaryCredentials: sts.find,
    ...(dataDir !== undefined && { dataDir }),
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
    const oss = await createOss({ ...common, events: rules });
    closers.push(oss.close);
    const ossServer = await listen(faults.wrap('oss', oss.listener, ossOperationOf), {
      port,
      insecureHTTPParser: true,
      requestTimeout: 0,
    });
    closers.push(ossServer.close);
    for (const rule of options.rules ?? []) if (!rules.get(rule.name)) await rules.create(rule);

    return {
      oss: { url: ossServer.url },
      mns: { url: mnsServer.url, ensureQueue: mns.ensureQueue },
      rules,
      faults,
      credentials: { accessKeyId: owner.accessKeyId, accessKeySecret: owner.accessKeySecret },
      issueCredentials: sts.issue,
      accountId,
      region,
      clock,
      async reset() {
        faults.clear();
        await rules.reset();
        await oss.reset();
        await mns.reset();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
