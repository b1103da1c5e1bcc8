import type { RequestListener } from 'node:http';
import type { FaceEngine } from '../../shared/faces/engine.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { MnsossError } from '../../shared/runtime/errors.ts';
import { createHttpClient } from '../../shared/runtime/http.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { Account } from '../types.ts';
import { createAuthenticate } from './authenticate.ts';
import { searchConfidence } from './confidence.ts';
import { createFaultQueue, type FaceBodyFaults } from './faults.ts';
import { createGalleries, GALLERY_LIMITS, type Galleries, type GalleryLimits } from './galleries.ts';
import { createListener } from './listener.ts';
import { createPictures } from './pictures.ts';
import { createQuotas, type Quotas } from './quotas.ts';
import { createStatistics, type OperationStats } from './statistics.ts';
import { createUploads } from './uploads.ts';

export type { FaceBodyFault, FaceBodyFaults } from './faults.ts';
export type { OperationStats } from './statistics.ts';

export interface FaceBodyOptions {
  /** Gives the answers; for galleries and comparisons it must give embeddings. The caller closes it. */
  readonly engine: FaceEngine;
  readonly accounts: readonly Account[];
  /** Judges signatures and drives quotas and the lifetime of uploads. */
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Requests a second for each operation of an account; 2 by default, `Infinity` for none. */
  readonly quota?: number;
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
  /** Forgets databases, uploads, faults and counts. */
  reset(): void;
  close(): void;
}

/** FaceBody for one machine: the vendor's wire and rules around an engine of ours. Everything is in memory. */
export function createFaceBody(options: FaceBodyOptions): LocalFaceBody {
  const { engine, accounts, clock, random, logger, quota, galleryLimits = GALLERY_LIMITS } = options;
  if (accounts.length === 0) throw new MnsossError('ConfigInvalid', 'FaceBody needs at least one account');
  const http = createHttpClient();
  const uploads = createUploads({ clock, random });
  const faults = createFaultQueue();
  const quotas = createQuotas(clock, quota);
  const statistics = createStatistics(clock);
  const galleries = new Map<string, Galleries>();

  return {
    listener: createListener({
      authenticate: createAuthenticate({ accounts, clock }),
      quotas,
      faults,
      statistics,
      uploads,
      pictures: createPictures({ engine, uploads, http }),
      galleriesOf({ accountId }) {
        let own = galleries.get(accountId);
        if (!own) {
          own = createGalleries({ clock, random, confidence: searchConfidence, limits: galleryLimits });
          galleries.set(accountId, own);
        }
        return own;
      },
      clock,
      random,
      logger,
    }),
    faults,
    quotas,
    stats: statistics.snapshot,
    reset() {
      galleries.clear();
      uploads.clear();
      faults.clear();
      statistics.clear();
    },
    close: () => http.close(),
  };
}
