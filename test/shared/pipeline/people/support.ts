import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import type { Face } from '../../../../shared/faces/face.ts';
import { createOssGallery } from '../../../../shared/faces/gallery/oss/gallery.ts';
import type { ObjectStore } from '../../../../shared/oss/object-store.ts';
import { readPipelineOptions } from '../../../../shared/pipeline/options.ts';
import { createEnrolment, type EnrolmentDeps } from '../../../../shared/pipeline/people/enrol.ts';
import { findPerson, type Sighting } from '../../../../shared/pipeline/people/find.ts';
import type { ForgetDeps } from '../../../../shared/pipeline/people/forget.ts';
import { type ManualClock, manualClock } from '../../../../shared/runtime/clock.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { anEvent } from '../../../support/events.ts';
import { aFace, type FakeEngine, fakeEngine } from '../../../support/fake-engine.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';

/** Each person is a color: a photo of one color shows the person whose embedding is that color. */
export const ANNA = '#ff0000';
export const ANNA_AGAIN = '#f03030';
export const BERTA = '#00ff00';
export const CLARA = '#0000ff';

/** Where the results of the party are. */
export const PARTY = 'results/incoming/party.jpg';
export const PARTY_DOCUMENT = `${PARTY}/faces.json`;

export interface PeopleFixture {
  readonly clock: ManualClock;
  readonly store: ObjectStore;
  readonly engine: FakeEngine;
  readonly deps: EnrolmentDeps;
  /** Uploads a photo and returns the event that OSS would send. */
  upload(key: string, color: string): Promise<ReturnType<typeof anEvent>>;
  keys(prefix?: string): Promise<string[]>;
  json(key: string): Promise<Record<string, unknown>>;
}

/** Store, engine and gallery in memory. `answer` replaces the one face that a photo of `side` pixels shows. */
export function peopleFixture(answer?: (face: Face) => Face[], side = 32): PeopleFixture {
  const clock = manualClock();
  const store = createMemoryStore({ bucket: 'photos', clock });
  const engine = fakeEngine(({ raster }) => {
    const [r = 0, g = 0, b = 0] = raster.data;
    const norm = Math.hypot(r, g, b, 1);
    const embedding = Float32Array.from([r, g, b, 1], (value) => value / norm);
    const face = aFace({ box: { x: 0, y: 0, width: 32, height: 32 }, quality: 0.9, embedding });
    return answer ? answer(face) : [face];
  });
  const gallery = createOssGallery({
    store,
    prefix: 'gallery/',
    embedder: { name: 'colors', size: 4 },
    clock,
    newId: randomUUID,
    logger: silentLogger,
    refreshMs: 0,
  });
  return {
    clock,
    store,
    engine,
    deps: {
      openBucket: () => store,
      engine,
      gallery,
      options: { ...readPipelineOptions({}), peoplePrefix: 'people/' },
      clock,
      logger: silentLogger,
      rules: {
        minProbability: 0.9,
        minWidth: 16,
        maxYaw: 40,
        maxPitch: 40,
        minSharpness: 0,
        minQuality: 0.4,
      },
    },
    async upload(key, color) {
      const create = { width: side, height: side, channels: 3, background: color } as const;
      const bytes = await sharp({ create }).png().toBuffer();
      const { etag, requestId } = await store.put(key, bytes);
      await clock.advance(1000);
      return anEvent({
        key,
        etag,
        requestId,
        size: bytes.length,
        eventTime: new Date(clock.now()).toISOString(),
      });
    },
    async keys(prefix = '') {
      const keys: string[] = [];
      for await (const { key } of store.list({ prefix })) keys.push(key);
      return keys;
    },
    async json(key) {
      const { body } = await store.get(key);
      return JSON.parse(Buffer.concat(await body.toArray()).toString());
    },
  };
}

export function removalOf(event: ReturnType<typeof anEvent>): ReturnType<typeof anEvent> {
  return anEvent({ key: event.key, eventName: 'ObjectRemoved:DeleteObject', requestId: 'REMOVAL' });
}

/** Anna with two photos, Berta with one that was refused for looking like Anna, and a party both were at. */
export async function aYearOfPhotos({ deps, store, upload }: PeopleFixture): Promise<void> {
  const enrol = createEnrolment(deps);
  await enrol(await upload('people/Anna/1.jpg', ANNA));
  await enrol(await upload('people/Anna/2.jpg', ANNA_AGAIN));
  await enrol(await upload('people/Berta/1.jpg', BERTA));
  await enrol(await upload('people/Berta/2.jpg', ANNA));
  const box = { x: 0, y: 0, width: 1, height: 1 };
  const document = {
    schemaVersion: 1,
    outcome: 'processed',
    source: { bucket: 'photos', key: 'incoming/party.jpg' },
    faces: [
      { box, match: { person: 'Anna', confidence: 0.7, level: 'high' }, crop: `${PARTY}/faces/0.jpg` },
      { box, match: { person: 'Berta', confidence: 0.6, level: 'high' }, crop: `${PARTY}/faces/1.jpg` },
      { box, match: { unknown: true } },
    ],
    artifacts: { annotated: `${PARTY}/annotated.jpg`, redacted: `${PARTY}/redacted.jpg` },
  };
  await store.put(PARTY_DOCUMENT, Buffer.from(JSON.stringify(document)), {
    contentType: 'application/json',
    metadata: { 'request-id': 'PARTY' },
  });
  for (const name of ['faces/0.jpg', 'faces/1.jpg', 'annotated.jpg', 'redacted.jpg']) {
    await store.put(`${PARTY}/${name}`, Buffer.from('picture'));
  }
}

/** What `forgetPerson` needs of the fixture. */
export function forgetDepsOf({ deps, store }: PeopleFixture): ForgetDeps {
  return {
    gallery: deps.gallery,
    source: store,
    results: store,
    peoplePrefix: 'people/',
    resultPrefix: 'results/',
  };
}

/** The store, where another writer replaces the document of the party the first time somebody looks at it. */
export function replacingParty({ store, json }: PeopleFixture): ObjectStore {
  let replaced = false;
  return {
    ...store,
    async head(...args: Parameters<ObjectStore['head']>) {
      if (!replaced && args[0] === PARTY_DOCUMENT) {
        replaced = true;
        const later = { ...(await json(PARTY_DOCUMENT)), later: true };
        await store.put(PARTY_DOCUMENT, Buffer.from(JSON.stringify(later)));
      }
      return store.head(...args);
    },
  };
}

/** All objects of the bucket. */
export async function everything({ keys, store }: PeopleFixture): Promise<Map<string, Buffer>> {
  const objects = new Map<string, Buffer>();
  for (const key of await keys()) {
    objects.set(key, Buffer.concat(await (await store.get(key)).body.toArray()));
  }
  return objects;
}

/** The faces of the person in all results. */
export async function sightingsOf(person: string, { store }: PeopleFixture): Promise<Sighting[]> {
  const sightings: Sighting[] = [];
  const found = findPerson(person, { results: store, resultPrefix: 'results/' });
  for await (const sighting of found) sightings.push(sighting);
  return sightings;
}

/** The target, but calls that do not pass on the signal are noted in `missing` by their names. */
export function watchSignal<T extends object>(target: T, signal: AbortSignal, missing: string[]): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      return (...args: { signal?: unknown }[]) => {
        if (!args.some((arg) => arg?.signal === signal)) missing.push(String(name));
        return value.apply(object, args);
      };
    },
  });
}
