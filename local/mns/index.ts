import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { Clock } from '../../shared/runtime/clock.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { createHttpClient } from '../../shared/runtime/http.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { FindTemporaryCredential } from '../access/sts.ts';
import type { Account, NotificationTarget } from '../access/account.ts';
import { createAuthenticate } from './authenticate.ts';
import { createDeliver } from './deliver.ts';
import { inProcess, MnsRefusal } from './errors.ts';
import { createListener } from './listener.ts';
import { createOperations } from './operations/index.ts';
import { createPusher } from './push.ts';
import { createQueues, type DeliveryFaults } from './queues.ts';
import { checkQueueSettings, DEFAULT_QUEUE_SETTINGS, type QueueSettings } from './settings.ts';
import { signingIdentity } from './signing-identity.ts';
import { openLedger } from './store/ledger.ts';
import { notificationTarget } from './target.ts';
import { createTopics } from './topics.ts';

export { operationOf } from './listener.ts';
export type { DeliveryFaults } from './queues.ts';
export type { QueueSettings } from './settings.ts';

export interface MnsOptions {
  /** Everything is in memory when absent. */
  readonly dataDir?: string;
  readonly region: string;
  /** The first one owns all queues and topics. */
  readonly accounts: readonly Account[];
  readonly clock: Clock;
  readonly random: Random;
  readonly checkSignatures: boolean;
  readonly logger: Logger;
  /** Looks up the access keys that STS gave out; there are none by default. */
  readonly temporaryCredentials?: FindTemporaryCredential;
  /** Where clients reach this server; asked for when a message is pushed. */
  readonly baseUrl: () => string;
  readonly faults?: DeliveryFaults;
}

export interface LocalMns {
  readonly listener: RequestListener;
  /** For event rules in the same process. */
  readonly target: NotificationTarget;
  /** Creates the queue, or gives it these settings. */
  ensureQueue(name: string, settings?: Partial<QueueSettings>): Promise<void>;
  /** Forgets all queues, topics and messages. */
  reset(): Promise<void>;
  /** Ends long polls and pushes; what was acknowledged is on disk. */
  close(): Promise<void>;
}

const CERTIFICATE_PATH = '/x509_public_certificate.pem';

/** A crash keeps what was acknowledged; what was received becomes visible again when its time is over. */
export async function createMns(options: MnsOptions): Promise<LocalMns> {
  const { accounts, region, clock, random, logger, baseUrl, faults = NO_FAULTS } = options;
  const { temporaryCredentials = () => undefined } = options;
  const [account] = accounts;
  if (!account) throw new AppError('ConfigInvalid', 'MNS needs at least one account');
  const owner = { region, accountId: account.accountId };
  const dataDir = options.dataDir === undefined ? undefined : join(options.dataDir, 'mns');

  const ledger = await openLedger(dataDir && join(dataDir, 'journal'));
  const identity = signingIdentity({ dataDir, clock, random });
  const http = createHttpClient();
  const queues = createQueues({ ledger, clock, random, faults });
  const certificateUrl = () => `${baseUrl()}${CERTIFICATE_PATH}`;
  const deliver = createDeliver({ queues, http, identity, certificateUrl, clock, random, owner });
  const pusher = createPusher({ ledger, clock, random, logger, deliver });
  const topics = createTopics({ ledger, clock, random, queues, pusher, owner });
  const operations = createOperations({ queues, topics, ledger, owner, logger, random });
  const authenticate = options.checkSignatures
    ? createAuthenticate({ accounts, temporaryCredentials, region, clock })
    : undefined;
  const answer = createListener({ operations, authenticate, clock, random, logger });

  return {
    listener(request, response) {
      if (request.url !== CERTIFICATE_PATH) return answer(request, response);
      identity().then(
        ({ certificate }) =>
          response.writeHead(200, { 'Content-Type': 'application/x-pem-file' }).end(certificate),
        (error) => {
          logger.error({ err: error }, 'no signing certificate');
          response.writeHead(500).end();
        },
      );
    },
    target: notificationTarget(queues, topics),
    ensureQueue: (name, settings) =>
      inProcess(`queue ${name}`, async () => {
        const wanted = { ...DEFAULT_QUEUE_SETTINGS, ...settings };
        checkQueueSettings(wanted);
        if (ledger.state.queues.has(name)) await queues.configure(name, wanted);
        else await queues.create(name, wanted);
      }),
    async reset() {
      queues.failPolls(new MnsRefusal('QueueNotExist'));
      await ledger.commit([{ type: 'reset' }]);
    },
    async close() {
      queues.failPolls(new MnsRefusal('InternalError'));
      queues.close();
      pusher.close();
      http.close();
      await ledger.close();
    },
  };
}

const NO_FAULTS: DeliveryFaults = {
  duplicates: () => false,
  reorders: () => false,
  shuffle: (items) => [...items],
};
