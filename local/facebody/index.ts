import type { FaceEngine } from '../../shared/faces/engine.ts';
import { createHttpClient } from '../../shared/runtime/http.ts';
import { acs3ActionOf } from '../access/acs3.ts';
import { createKeyring } from '../access/keyring.ts';
import { dataFolderOf } from '../disk/data-folder.ts';
import { upperUuid } from '../http/ids.ts';
import type { Service, ServiceOptions } from '../http/service.ts';
import { createAuthenticate } from './authenticate.ts';
import { searchConfidence } from './confidence.ts';
import { FaceBodyRefusal } from './errors.ts';
import { createFaultQueue, type FaceBodyFaults } from './faults.ts';
import { createListener, writeRefusal } from './listener.ts';
import { createPictures } from './pictures.ts';
import { createQuotas, type Quotas } from './quotas.ts';
import { createStatistics, type OperationStats } from './statistics.ts';
import { GALLERY_LIMITS, type GalleryLimits } from './store/galleries.ts';
import { openGalleryStore } from './store/gallery-store.ts';
import { createUploads } from './store/uploads.ts';

export type { FaceBodyFault, FaceBodyFaults } from './faults.ts';
export type { Quotas } from './quotas.ts';
export type { OperationStats } from './statistics.ts';

/** Face databases are kept in `facebody/` below the data folder, uploads in memory. */
export interface FaceBodyOptions extends ServiceOptions {
  /** Analyzes the pictures; galleries and comparisons need its embeddings. The caller closes it. */
  readonly engine: Pick<FaceEngine, 'open'>;
  /** Requests per second for each operation of an account; `Infinity` for no limit. @default 2 */
  readonly quota?: number | ((operation: string) => number);
  /** Of faces in databases. @default the vendor's */
  readonly galleryLimits?: GalleryLimits;
}

export interface LocalFaceBody extends Service {
  readonly faults: FaceBodyFaults;
  /** Changes quotas while the service runs. */
  readonly quotas: Pick<Quotas, 'set'>;
  /** By operation. */
  stats(): Readonly<Record<string, OperationStats>>;
}

/** FaceBody for one machine: the vendor's wire and rules around the project's engine. */
export async function createFaceBody(options: FaceBodyOptions): Promise<LocalFaceBody> {
  const { engine, clock, random, logger, quota, galleryLimits = GALLERY_LIMITS } = options;
  const keyring = createKeyring(options);
  const http = createHttpClient();
  const uploads = createUploads({ clock, random });
  const faults = createFaultQueue();
  const quotas = createQuotas(clock, quota);
  const statistics = createStatistics(clock);
  const galleries = await openGalleryStore(dataFolderOf(options), {
    clock,
    random,
    confidence: searchConfidence,
    limits: galleryLimits,
  });

  return {
    listener: createListener({
      authenticate: createAuthenticate(keyring, clock),
      quotas,
      faults,
      statistics,
      uploads,
      pictures: createPictures({ engine, uploads, http }),
      galleriesOf: galleries.of,
      clock,
      random,
      logger,
    }),
    operationOf: acs3ActionOf,
    refuse(request, response, kind) {
      const code = kind === 'error' ? 'InternalError' : 'Throttling';
      writeRefusal(request, response, new FaceBodyRefusal(code, 'Injected fault.'), upperUuid(random));
    },
    faults,
    quotas,
    stats: statistics.snapshot,
    async reset() {
      uploads.clear();
      faults.clear();
      quotas.clear();
      statistics.clear();
      await galleries.clear();
    },
    async close() {
      http.close();
      await galleries.close();
    },
  };
}
