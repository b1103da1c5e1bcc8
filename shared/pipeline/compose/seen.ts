import { randomUUID } from 'node:crypto';
import type { FaceEngine } from '../../faces/engine.ts';
import type { Gallery } from '../../faces/gallery/gallery.ts';
import type { FaceIndex } from '../../faces/index/face-index.ts';
import type { ObjectStore } from '../../oss/object-store.ts';
import type { FactStore } from '../../people/fact-store.ts';
import type { RuntimeDeps } from '../../runtime/deps.ts';
import { AppError } from '../../runtime/errors.ts';
import type { PeopleOptions } from '../people/options.ts';

/** Everybody who was seen in the pictures of a bucket. */
export interface Seen {
  readonly index: FaceIndex;
  readonly facts: FactStore;
  /** Thresholds of its embeddings. */
  readonly embedder: NonNullable<FaceEngine['embedder']>;
  readonly gallery: Gallery;
  readonly engine: FaceEngine;
}

export interface SeenDeps extends Pick<RuntimeDeps, 'clock' | 'logger'> {
  readonly store: ObjectStore;
  readonly engine: FaceEngine;
  readonly gallery: Gallery;
}

/** `undefined` for `INDEX=off`. Throws `ConfigInvalid` when the engine makes no embeddings. */
export async function openSeen(options: PeopleOptions, deps: SeenDeps): Promise<Seen | undefined> {
  if (options.index === 'off') return undefined;
  const { store, engine, gallery, clock, logger } = deps;
  const { embedder } = engine;
  if (!embedder) {
    throw new AppError(
      'ConfigInvalid',
      `INDEX=${options.index} needs embeddings, and the engine ${engine.name} gives none: set ENGINE=local or INDEX=off`,
    );
  }
  const newId = () => randomUUID().replaceAll('-', '').slice(0, 12);
  const { createOssFaceIndex } = await import('../../faces/index/oss/face-index.ts');
  const { createFactStore } = await import('../../people/fact-store.ts');
  return {
    index: createOssFaceIndex({ store, prefix: options.indexPrefix, embedder, clock, logger, newId }),
    facts: createFactStore({ store, prefix: options.factsPrefix, clock, newId }),
    embedder,
    gallery,
    engine,
  };
}
