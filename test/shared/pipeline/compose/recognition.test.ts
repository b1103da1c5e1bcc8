import sharp from 'sharp';
import { beforeEach, expect, test, vi } from 'vitest';
import type { ObjectStore } from '../../../../shared/oss/object-store.ts';
import {
  composeFaceRecognition,
  type FaceRecognitionDeps,
} from '../../../../shared/pipeline/compose/recognition.ts';
import { type ManualClock, manualClock } from '../../../../shared/runtime/clock.ts';
import { environmentCredentials } from '../../../../shared/runtime/credentials.ts';
import { createLogger, silentLogger } from '../../../../shared/runtime/log.ts';
import { anEvent } from '../../../support/events.ts';
import { aFace, type FakeEngine, fakeEngine } from '../../../support/fake-engine.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';

const EMBEDDER = {
  name: 'fake',
  size: 2,
  thresholds: { match: 0.45, high: 0.5, plausible: 0.3 },
};

const BOX = { x: 0, y: 0, width: 100, height: 100 };

let clock: ManualClock;
let stores: Map<string, ObjectStore>;
let engine: FakeEngine;
let closed: number;

beforeEach(() => {
  clock = manualClock();
  stores = new Map();
  closed = 0;
  engine = {
    ...fakeEngine(() => [aFace({ box: BOX, embedding: Float32Array.from([1, 0]) })]),
    embedder: EMBEDDER,
    async close() {
      closed++;
    },
  };
});

function bucket(name: string): ObjectStore {
  const store = stores.get(name) ?? createMemoryStore({ bucket: name, clock });
  stores.set(name, store);
  return store;
}

function compose(env: NodeJS.ProcessEnv, changes: Partial<FaceRecognitionDeps> = {}) {
  return composeFaceRecognition({
    env,
    credentials: environmentCredentials(env),
    clock,
    random: () => 0,
    logger: silentLogger,
    openBucket: bucket,
    engine,
    ...changes,
  });
}

/** Uploads a sharp picture and gives its event. */
async function upload(name: string, key: string) {
  const pixels = Buffer.from(
    Array.from({ length: 128 * 128 }, (_, i) => (((i >> 2) ^ (i >> 9)) & 1 ? 255 : 0)),
  );
  const bytes = await sharp(pixels, { raw: { width: 128, height: 128, channels: 1 } })
    .png()
    .toBuffer();
  const { etag, requestId } = await bucket(name).put(key, bytes);
  return anEvent({ bucket: name, key, etag, requestId, size: bytes.length });
}

test('without a gallery, a photo below the people prefix is out of scope', async () => {
  const recognition = compose({});
  const process = await recognition.pipeline();

  const outcome = await process(await upload('photos', 'people/Anna/1.jpg'));

  expect(outcome).toMatchObject({ outcome: 'ignored', rule: 'outside-prefix' });
  await expect(recognition.people('photos', 'cn-hangzhou')).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringContaining('GALLERY=off'),
  });
});

test('with a gallery, a photo below the people prefix enrols, and any other picture is compared', async () => {
  const process = await compose({ GALLERY: 'oss' }).pipeline();

  const enrolled = await process(await upload('photos', 'people/Anna/1.jpg'));
  const processed = await process(await upload('photos', 'incoming/a.jpg'));

  expect(enrolled).toMatchObject({ outcome: 'enrolled', person: 'Anna' });
  expect(processed).toMatchObject({ outcome: 'processed', faces: 1, known: 1, unknown: 0 });
});

test('each bucket has people of its own', async () => {
  const process = await compose({ GALLERY: 'oss' }).pipeline();
  await process(await upload('photos', 'people/Anna/1.jpg'));

  const processed = await process(await upload('others', 'incoming/a.jpg'));

  expect(processed).toMatchObject({ outcome: 'processed', known: 0, unknown: 1 });
});

test('buckets with one result bucket share their people', async () => {
  const process = await compose({ GALLERY: 'oss', RESULT_BUCKET: 'results' }).pipeline();
  await process(await upload('photos', 'people/Anna/1.jpg'));

  const processed = await process(await upload('others', 'incoming/a.jpg'));

  expect(processed).toMatchObject({ outcome: 'processed', known: 1, unknown: 0 });
});

test('the pictures of a bucket share one gallery, which is read once', async () => {
  let listings = 0;
  const openBucket = (name: string): ObjectStore => ({
    ...bucket(name),
    list(options) {
      listings++;
      return bucket(name).list(options);
    },
  });
  const process = await compose({ GALLERY: 'oss' }, { openBucket }).pipeline();

  for (const key of ['incoming/a.jpg', 'incoming/b.jpg']) await process(await upload('photos', key));

  expect(listings).toBe(1);
});

test('an engine without embeddings does not fit the gallery in OSS', async () => {
  const recognition = compose({ GALLERY: 'oss' }, { engine: fakeEngine() });

  await expect(recognition.pipeline()).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringMatching(/engine fake gives none.*GALLERY=facebody/),
  });
});

test('an engine without embeddings fits the gallery of FaceBody, which serves all buckets', async () => {
  const recognition = compose({ GALLERY: 'facebody' }, { engine: fakeEngine() });

  await recognition.pipeline();
  const [photos, others] = await Promise.all(
    ['photos', 'others'].map((name) => recognition.people(name, 'cn-hangzhou')),
  );

  expect(photos!.gallery.name).toBe('facebody');
  expect(photos!.gallery).toBe(others!.gallery);
});

test('objects of the gallery in OSS have random names of 32 digits', async () => {
  const process = await compose({ GALLERY: 'oss' }).pipeline();
  const keys: string[] = [];

  await process(await upload('photos', 'people/Anna/1.jpg'));

  for await (const { key } of bucket('photos').list({ prefix: 'gallery/' })) keys.push(key);
  expect(keys.length).toBeGreaterThan(0);
  for (const key of keys) expect(key).toMatch(/[-/][0-9a-f]{32}\b/);
});

test('the options of the environment can be read', () => {
  const { options } = compose({ GALLERY: 'oss', RESULT_PREFIX: 'faces/' });

  expect(options).toMatchObject({ pipeline: { resultPrefix: 'faces/' }, people: { gallery: 'oss' } });
});

test('warmUp loads the models of the engine', async () => {
  let loaded = 0;
  const slow: FakeEngine = {
    ...engine,
    async warmUp() {
      loaded++;
    },
  };

  await compose({}, { engine: slow }).warmUp();

  expect(loaded).toBe(1);
});

test.each([
  [{ GALLERY: 'oss', PEOPLE_PREFIX: 'incoming/people/' }, 'ConfigInvalid'],
  [{ RESULT_PREFIX: 'incoming/results/' }, 'LoopRefused'],
])('composeFaceRecognition refuses %o', (env, code) => {
  expect(() => compose(env)).toThrow(expect.objectContaining({ code }));
});

test('close closes the galleries and the engine that were opened', async () => {
  const recognition = compose({ GALLERY: 'oss', ENGINE: 'local' }, { engine: undefined });
  const people = await recognition.people('photos', 'cn-hangzhou');
  const closing = [vi.spyOn(people.gallery, 'close'), vi.spyOn(people.engine, 'close')];

  await recognition.close();

  for (const close of closing) expect(close).toHaveBeenCalledOnce();
});

test('close leaves a given engine open', async () => {
  const recognition = compose({ GALLERY: 'oss' });
  await (await recognition.pipeline())(await upload('photos', 'incoming/a.jpg'));

  await recognition.close();

  expect(closed).toBe(0);
});

test('the pipeline is opened once, and close without any use opens nothing', async () => {
  const recognition = compose({});

  await recognition.close();
  await compose({}, { engine: undefined }).close();

  expect(await recognition.pipeline()).toBe(await recognition.pipeline());
});

test('an event whose gallery cannot be opened is logged and thrown', async () => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => lines.push(JSON.parse(line));
  const recognition = composeFaceRecognition({
    env: { GALLERY: 'facebody', FACEBODY_QPS: '0' },
    credentials: environmentCredentials({}),
    clock,
    random: () => 0,
    logger: createLogger({ write }),
    openBucket: bucket,
    engine,
  });
  const process = await recognition.pipeline();

  await expect(process(await upload('photos', 'incoming/a.jpg'))).rejects.toMatchObject({
    code: 'ConfigInvalid',
  });

  expect(lines).toMatchObject([
    { level: 'warn', key: 'incoming/a.jpg', code: 'ConfigInvalid', msg: expect.stringContaining('again') },
  ]);
});

test('close succeeds when no gallery could be opened', async () => {
  const recognition = compose({ GALLERY: 'off' });
  await expect(recognition.people('photos', 'cn-hangzhou')).rejects.toMatchObject({ code: 'ConfigInvalid' });

  await expect(recognition.close()).resolves.toBeUndefined();
});
