import { randomUUID } from 'node:crypto';
import type { FaceEngine } from '../../faces/engine.ts';
import type { Gallery } from '../../faces/gallery/gallery.ts';
import type { OpenBucket } from '../../oss/object-store.ts';
import { AppError } from '../../runtime/errors.ts';
import type { PeopleOptions } from '../people/options.ts';
import type { EngineDeps } from './engine-deps.ts';

export interface GalleryDeps extends EngineDeps {
  readonly openBucket: OpenBucket;
  /** The bucket of the gallery `oss`. */
  readonly bucket: string;
  readonly region: string;
  readonly engine: FaceEngine;
}

/** One row per gallery. The code of a gallery is loaded only when it is chosen. */
const GALLERIES: Record<
  Exclude<PeopleOptions['gallery'], 'off'>,
  (options: PeopleOptions, deps: GalleryDeps) => Promise<Gallery>
> = {
  async oss({ galleryPrefix }, { openBucket, bucket, region, engine, clock, logger }) {
    const { createOssGallery } = await import('../../faces/gallery/oss/gallery.ts');
    const newId = () => randomUUID().replaceAll('-', '');
    const embedder = embedderOf(engine);
    return createOssGallery({
      store: openBucket(bucket, region),
      prefix: galleryPrefix,
      embedder,
      thresholds: embedder.thresholds,
      clock,
      newId,
      logger,
    });
  },

  async facebody({ galleryDb }, deps) {
    const { openFaceBodyClient } = await import('./facebody-client.ts');
    const { createFaceBodyGallery } = await import('../../faces/gallery/facebody/gallery.ts');
    return createFaceBodyGallery({ client: openFaceBodyClient(deps), database: galleryDb });
  },
};

/** Throws `ConfigInvalid` for `GALLERY=off`, or when the gallery cannot use what the engine returns. */
export async function openGallery(options: PeopleOptions, deps: GalleryDeps): Promise<Gallery> {
  if (options.gallery === 'off')
    throw new AppError('ConfigInvalid', 'GALLERY=off: there are no known people');
  return GALLERIES[options.gallery](options, deps);
}

/** Checks engine and gallery before the gallery is opened. Throws `ConfigInvalid`. */
export function assertGalleryFits({ gallery }: PeopleOptions, engine: FaceEngine): void {
  if (gallery === 'oss') embedderOf(engine);
}

function embedderOf({ name, embedder }: FaceEngine): NonNullable<FaceEngine['embedder']> {
  if (embedder) return embedder;
  throw new AppError(
    'ConfigInvalid',
    `GALLERY=oss needs embeddings, and the engine ${name} gives none: set GALLERY=facebody or ENGINE=local`,
  );
}
