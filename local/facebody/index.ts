import type { RequestListener } from 'node:http';
import type { FaceEngine } from '../../shared/faces/engine.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { createHttpClient } from '../../shared/runtime/http.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { FindTemporaryCredential } from '../access/sts.ts';
import type { Account } from '../access/account.ts';
import { createAuthenticate } from './authenticate.ts';
import { searchConfidence } from './confidence.ts';
import { createFaultQueue, type FaceBodyFaults } from './faults.ts';
import {
  createGalleries,
  GALLERY_LIMITS,
  type Galleries,
  type GalleryChange,
  type GalleryLimits,
} from './store/galleries.ts';
import { openGalleryJournal } from './store/gallery-journal.ts';
import { createListener } from './listener.ts';
import { createPictures } from './pictures.ts';
import { createQuotas, type Quotas } from './quotas.ts';
import { createStatistics, type OperationStats } from './statistics.ts';
import { createUploads } from './store/uploads.ts';

export { FaceBodyRefusal } from './errors.ts';
export type { FaceBodyFault, FaceBodyFaults } from './faults.ts';
export { operationOf, writeRefusal } from './listener.ts';
export type { Quotas } from './quotas.ts';
export type { OperationStats } from './statistics.ts';

export interface FaceBodyOptions {
  /** Gives the answers; for galleries and comparisons it must give embeddings. The caller closes it. */
  readonly engine: Pick<FaceEngine, 'analyze'>;
  readonly accounts: readonly Account[];
  /** Looks up the access keys that STS gave out. */
  readonly temporaryCredentials?: FindTemporaryCredential;
  /** On by default. */
  readonly checkSignatures?: boolean;
  /** Face databases are kept in `facebody/` below it; absent: in memory. Uploads always are. */
  readonly dataDir?: string;
  /** Judges signatures and drives quotas and the lifetime of uploads. */
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Requests a second for each operation of an account; 2 by default, `Infinity` for none. */
  readonly quota?: number | ((operation: string) => number);
  /** Of faces in databases; the vendor's by default. */
  readonly galleryLimits?: GalleryLimits;
}

export interface LocalFaceBody {
  /** The API, the open platform that authorizes uploads, and the bucket that takes them, all in one. */
  readonly listener: RequestListener;
  readonly faults: FaceBodyFaults;
  /** Changes quotas while it runs. */
  readonly quotas: Pick<Quotas, 'set'>;
  /** By operation. */
  stats(): Readonly<Record<string, OperationStats>>;
  /** Forgets databases, uploads, faults and counts, and takes back changes of quotas. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** FaceBody for one machine: the vendor's wire and rules around an engine of ours. */
export async function createFaceBody(options: FaceBodyOptions): Promise<LocalFaceBody> {
  const { engine, accounts, temporaryCredentials, checkSignatures = true, dataDir } = options;
  const { clock, random, logger, quota, galleryLimits = GALLERY_LIMITS } = options;
  if (accounts.length === 0) throw new AppError('ConfigInvalid', 'FaceBody needs at least one account');
  const http = createHttpClient();
  const uploads = createUploads({ clock, random });
  const faults = createFaultQueue();
  const quotas = createQuotas(clock, quota);
  const statistics = createStatistics(clock);
  const galleries = new Map<string, Galleries>();
  const galleriesOf = (account: string): Galleries => {
    let own = galleries.get(account);
    if (!own) {
      const keep = (change: GalleryChange) => journal.append([{ account, change }]);
      own = createGalleries({ clock, random, confidence: searchConfidence, limits: galleryLimits, keep });
      galleries.set(account, own);
    }
    return own;
  };
  const journal = await openGalleryJournal({
    dataDir,
    replay(record) {
      if (record === 'forgotten') for (const own of galleries.values()) own.clear();
      else galleriesOf(record.account).replay(record.change);
    },
    *history() {
      for (const [account, own] of galleries) for (const change of own.history()) yield { account, change };
    },
  });

  return {
    listener: createListener({
      authenticate: createAuthenticate({ accounts, temporaryCredentials, checkSignatures, clock }),
      quotas,
      faults,
      statistics,
      uploads,
      pictures: createPictures({ engine, uploads, http }),
      galleriesOf: ({ accountId }) => galleriesOf(accountId),
      clock,
      random,
      logger,
    }),
    faults,
    quotas,
    stats: statistics.snapshot,
    async reset() {
      // Requests under way must not go on with what is forgotten.
      for (const own of galleries.values()) own.clear();
      uploads.clear();
      faults.clear();
      quotas.clear();
      statistics.clear();
      await journal.append(['forgotten']);
    },
    async close() {
      http.close();
      await journal.close();
    },
  };
}
