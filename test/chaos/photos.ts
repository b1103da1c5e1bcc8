import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { samplePhotos } from '../../cli/files.ts';
import type { ObjectStore } from '../../shared/oss/object-store.ts';
import type { ResultDocument } from '../../shared/results/document.ts';
import { anEvent } from '../support/events.ts';
import { recognitionInMemory } from '../support/recognition.ts';

export const keyOf = (index: number) => `incoming/${index}.jpg`;

/** Small photos, each with a content of its own. */
export async function smallPhotos(count: number): Promise<Buffer[]> {
  const samples = await Promise.all(
    (await samplePhotos()).map(async ({ path }) =>
      sharp(await readFile(path))
        .resize(400)
        .png()
        .toBuffer(),
    ),
  );
  const photos: Buffer[] = [];
  for (let index = 0; index < count; index++) {
    const { length } = samples;
    const width = 160 + Math.floor(index / length);
    photos.push(
      await sharp(samples[index % length])
        .resize(width)
        .jpeg()
        .toBuffer(),
    );
  }
  return photos;
}

/** A result and its pictures, without what differs from write to write: ids, times and hashes of places. */
export interface Comparable {
  readonly document: unknown;
  readonly pictures: readonly Buffer[];
}

/** `undefined` while there is no result. */
export async function resultOf(store: ObjectStore, key: string): Promise<Comparable | undefined> {
  const name = `results/${key}/faces.json`;
  if (!(await store.head(name))) return undefined;
  const document = JSON.parse((await read(store, name)).toString()) as ResultDocument;
  const { outcome, source, engine, faces, error } = document;
  const { sha256, width, height } = source;
  const pictures = [document.artifacts?.annotated, ...faces.map(({ crop }) => crop)];
  return {
    document: { outcome, sha256, width, height, engine, error: error?.code, faces },
    pictures: await Promise.all(pictures.filter((one) => one !== undefined).map((one) => read(store, one))),
  };
}

async function read(store: ObjectStore, key: string): Promise<Buffer> {
  const { body } = await store.get(key);
  return Buffer.concat(await body.toArray());
}

/** The results of the same photos without a cloud, a queue or a kill. */
export async function undisturbed(photos: readonly Buffer[]): Promise<Comparable[]> {
  const { store, pipeline, close } = recognitionInMemory();
  const results: Comparable[] = [];
  for (const [index, photo] of photos.entries()) {
    const { etag, requestId } = await store.put(keyOf(index), photo);
    await pipeline(anEvent({ key: keyOf(index), etag, requestId, size: photo.length }));
    results.push((await resultOf(store, keyOf(index)))!);
  }
  await close();
  return results;
}
