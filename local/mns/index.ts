import { join } from 'node:path';
import { steadyClock } from '../../shared/runtime/clock.ts';
import { createHttpClient } from '../../shared/runtime/http.ts';
import { createKeyring } from '../access/keyring.ts';
import { dataFolderOf } from '../disk/data-folder.ts';
import type { NotificationTarget } from '../events/notification-target.ts';
import type { Service, ServiceOptions } from '../http/service.ts';
import { createAuthenticate } from './authenticate.ts';
import { createDeliver } from './deliver.ts';
import { inProcess, MnsRefusal } from './errors.ts';
import { createListener, operationOf, writeRefusal } from './listener.ts';
import { newestTime } from './newest-time.ts';
import { createOperations } from './operations/index.ts';
import { createPusher } from './push.ts';
import { createQueues, type DeliveryFaults } from './queues.ts';
import { checkQueueSettings, DEFAULT_QUEUE_SETTINGS, type QueueSettings } from './settings.ts';
import { signingIdentity } from './signing-identity.ts';
import { openLedger } from './store/ledger.ts';
import { notificationTarget } from './target.ts';
import { createTopics } from './topics.ts';

export type { DeliveryFaults } from './queues.ts';
export type { DeadLetterPolicy, QueueSettings } from './settings.ts';

export interface MnsOptions extends ServiceOptions {
  /** Returns the URL by which clients reach this server; called when a message is pushed. */
  readonly baseUrl: () => string;
  /** @default none */
  readonly faults?: DeliveryFaults;
}

export interface LocalMns extends Service {
  /** For event rules in the same process. */
  readonly target: NotificationTarget;
  /** Creates the queue, or changes its settings. */
  ensureQueue(name: string, settings?: Partial<QueueSettings>): Promise<void>;
}

const CERTIFICATE_PATH = '/x509_public_certificate.pem';

/** Acknowledged changes survive a crash; received messages become visible again when their time is over. */
export async function createMns(options: MnsOptions): Promise<LocalMns> {
  const { region, clock, random, logger, baseUrl, faults = NO_FAULTS } = options;
  const keyring = createKeyring(options);
  const owner = { region, accountId: keyring.owner.accountId };
  const { dataDir } = options;

  const ledger = await openLedger(dataFolderOf(options));
  const identity = signingIdentity(dataDir && join(dataDir, 'mns'), clock);
  const http = createHttpClient();
  // Visibility is a duration: it must not change when a person sets the time of day, before or after a restart.
  const steady = steadyClock(clock, newestTime(ledger.state));
  const queues = createQueues({ ledger, clock: steady, random, faults });
  const certificateUrl = () => `${baseUrl()}${CERTIFICATE_PATH}`;
  const deliver = createDeliver({ queues, http, identity, certificateUrl, clock, random, owner });
  const pusher = createPusher({ ledger, clock: steady, random, logger, deliver });
  const topics = createTopics({ ledger, clock: steady, random, queues, pusher, owner });
  const operations = createOperations({ queues, topics, ledger, owner, logger, random });
  const authenticate = createAuthenticate(keyring, region);
  const answer = createListener({ operations, authenticate, owner, clock, random, logger });

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
    operationOf,
    refuse(request, response, kind) {
      const code = kind === 'error' ? 'InternalError' : 'QpsLimitExceeded';
      writeRefusal(request, response, new MnsRefusal(code, 'Injected fault.'), { random, clock });
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
    /** Ends long polls and pushes. */
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
