import { randomUUID } from 'node:crypto';
import type { FaceEngine } from '../../shared/faces/engine.ts';
import type { Gallery } from '../../shared/faces/gallery/gallery.ts';
import type { OpenBucket } from '../../shared/oss/object-store.ts';
import type { PipelineOptions } from '../../shared/pipeline/options.ts';
import { PEOPLE_OPTIONS, type PeopleOptions } from '../../shared/pipeline/people-options.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import type { EngineParts } from './engine-parts.ts';

export interface GalleryParts extends EngineParts {
  readonly openBucket: OpenBucket;
  /** Where the gallery `oss` lies. */
  readonly bucket: string;
  readonly region: string;
  readonly engine: FaceEngine;
}

/** Reads who is known and where. Throws `ConfigInvalid` when prefixes overlap, as one's objects would be the other's. */
export function readPeopleOptions(env: NodeJS.ProcessEnv, pipeline: PipelineOptions): PeopleOptions {
  const options = readOptions(PEOPLE_OPTIONS, env);
  if (options.gallery === 'off') return options;
  const prefixes = {
    SOURCE_PREFIX: pipeline.sourcePrefix,
    RESULT_PREFIX: pipeline.resultPrefix,
    PEOPLE_PREFIX: options.peoplePrefix,
    GALLERY_PREFIX: options.galleryPrefix,
  };
  const pairs = Object.entries(prefixes);
  for (const [name, prefix] of pairs) {
    const inside = pairs.find(([other, outer]) => other !== name && prefix.startsWith(outer));
    if (!inside) continue;
    throw new AppError(
      'ConfigInvalid',
      `${name} ${JSON.stringify(prefix)} lies below ${inside[0]} ${JSON.stringify(inside[1])}: choose prefixes beside each other`,
    );
  }
  return options;
}

/** One row a gallery; code is loaded only when it is chosen. */
const GALLERIES: Record<
  Exclude<PeopleOptions['gallery'], 'off'>,
  (options: PeopleOptions, parts: GalleryParts) => Promise<Gallery>
> = {
  async oss({ galleryPrefix }, { openBucket, bucket, region, engine, clock, logger }) {
    const { createOssGallery } = await import('../../shared/faces/gallery/oss/gallery.ts');
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

  async facebody({ galleryDb }, parts) {
    const { openFaceBodyClient } = await import('./facebody-client.ts');
    const { createFaceBodyGallery } = await import('../../shared/faces/gallery/facebody/gallery.ts');
    return createFaceBodyGallery({ client: openFaceBodyClient(parts), database: galleryDb });
  },
};

/** Throws `ConfigInvalid` where nobody is known, or when the engine gives what the gallery cannot use. */
export async function openGallery(options: PeopleOptions, parts: GalleryParts): Promise<Gallery> {
  if (options.gallery === 'off') throw new AppError('ConfigInvalid', 'GALLERY=off: nobody is known');
  return GALLERIES[options.gallery](options, parts);
}

/** Throws `ConfigInvalid` before anything is opened. */
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
