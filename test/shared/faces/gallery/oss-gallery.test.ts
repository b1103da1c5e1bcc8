import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createOssGallery } from '../../../../shared/faces/gallery/oss/gallery.ts';
import type { ObjectStore } from '../../../../shared/oss/object-store.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { createLogger, silentLogger } from '../../../../shared/runtime/log.ts';
import { galleryContract } from '../../../contracts/gallery.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { aNewFace, anEmbedding, aPicture, embedderOf } from './support.ts';

galleryContract('the gallery in OSS', async () => {
  const clock = manualClock();
  const gallery = createOssGallery({
    store: createMemoryStore({ clock }),
    prefix: 'gallery/',
    embedder: embedderOf(512),
    clock,
    newId: randomUUID,
    logger: silentLogger,
  });
  return { gallery, close: gallery.close };
});

type Options = Partial<Parameters<typeof createOssGallery>[0]>;

function setUp() {
  const clock = manualClock();
  const store = createMemoryStore({ clock });
  const open = (options: Options = {}) =>
    createOssGallery({
      store,
      prefix: 'gallery/',
      embedder: embedderOf(4),
      clock,
      newId: randomUUID,
      logger: silentLogger,
      ...options,
    });
  return { clock, store, open };
}

async function objectsOf(store: ObjectStore): Promise<Buffer[]> {
  const objects = [];
  for await (const { key } of store.list()) {
    objects.push(Buffer.concat(await (await store.get(key)).body.toArray()));
  }
  return objects;
}

/** Counts calls of the store by name. */
function counting(store: ObjectStore): { store: ObjectStore; calls: Record<string, number> } {
  const calls: Record<string, number> = {};
  const counted = new Proxy(store, {
    get(target, name: keyof ObjectStore) {
      calls[name] = (calls[name] ?? 0) + 1;
      return target[name];
    },
  });
  return { store: counted, calls };
}

const probe = (...numbers: number[]) => ({ box: aPicture.box, embedding: anEmbedding(...numbers) });

describe('gallery of another embedder', () => {
  test.each([
    ['name', { name: 'other', size: 4 }],
    ['size', { name: 'test', size: 8 }],
  ])('a gallery of another embedder is rejected by its %s, until it is cleared', async (_what, embedder) => {
    const { open } = setUp();
    await open().add('Anna', [aNewFace('1', [1, 0, 0, 0])]);
    const other = open({ embedder });

    await expect(other.faces('Anna')).rejects.toMatchObject({
      code: 'GalleryMismatch',
      message: expect.stringContaining('made by test (4 numbers)'),
    });
    await other.clear();

    expect(await other.faces('Anna')).toEqual([]);
  });

  test('an embedding of the wrong size is rejected', async () => {
    const gallery = setUp().open();
    const search = (embedding?: Float32Array) =>
      gallery.search(aPicture.picture, [{ box: aPicture.box, embedding }], { people: 1 });

    await expect(search()).rejects.toMatchObject({ code: 'GalleryMismatch' });
    await expect(search(new Float32Array(8))).rejects.toMatchObject({ code: 'GalleryMismatch' });
  });
});

describe('stored segments', () => {
  test.each([
    ['is foreign', Buffer.from('hello')],
    ['is cut off', undefined],
  ])('a segment that %s is named in the error', async (_what, bytes) => {
    const { store, open } = setUp();
    await open().add('Anna', [aNewFace('1', [1, 0, 0, 0])]);
    const [whole] = await objectsOf(store);
    await store.put('gallery/damaged.faces', bytes ?? whole!.subarray(0, -4));

    await expect(open().faces('Anna')).rejects.toMatchObject({
      code: 'GalleryDamaged',
      details: { segment: 'damaged' },
    });
  });

  test('no object contains the embedding of a removed face', async () => {
    const { store, open } = setUp();
    const gallery = open();
    await gallery.add('Berta', [aNewFace('b', [0, 1, 0, 0])]);
    await gallery.add('Anna', [aNewFace('a', [0.6, 0.8, 0, 0])]);
    const needle = Buffer.from(anEmbedding(0.6, 0.8, 0, 0).buffer);
    const holders = async () => (await objectsOf(store)).filter((bytes) => bytes.includes(needle)).length;
    expect(await holders()).toBe(1);

    await gallery.removePerson('Anna');

    expect(await holders()).toBe(0);
    for (const bytes of await objectsOf(store)) expect(bytes.includes('Anna')).toBe(false);
    expect(await gallery.faces('Berta')).toEqual(['b']);
  });

  test('repeating an interrupted removal removes the rest of the person', async () => {
    const { store, open } = setUp();
    await open().add('Anna', [aNewFace('a', [0.6, 0.8, 0, 0])]);
    let puts = 0;
    const breaking: ObjectStore = {
      ...store,
      put: (...args) => (++puts === 2 ? Promise.reject(new Error('planned')) : store.put(...args)),
    };
    await expect(open({ store: breaking }).removePerson('Anna')).rejects.toThrow('planned');
    expect((await objectsOf(store)).some((bytes) => bytes.includes('Anna'))).toBe(true);

    expect(await open().removePerson('Anna')).toEqual([]);

    expect((await objectsOf(store)).some((bytes) => bytes.includes('Anna'))).toBe(false);
  });

  test('the number of objects stays small, however many writes there were', async () => {
    const { store, open } = setUp();
    const gallery = open({ maxSegments: 8 });

    for (let i = 0; i < 100; i++) await gallery.add(`p${i % 10}`, [aNewFace(`${i}`, [1, 0, 0, 0])]);

    expect((await objectsOf(store)).length).toBeLessThanOrEqual(9);
    for (let i = 0; i < 10; i++) expect(await open().faces(`p${i}`)).toHaveLength(10);
  });

  test('a segment that a merge left behind counts once and is removed by the next merge', async () => {
    const { store, open } = setUp();
    const stubborn: ObjectStore = { ...store, delete: () => Promise.reject(new Error('planned')) };
    const lines: string[] = [];
    const logger = createLogger({ write: (line) => lines.push(line) });
    const gallery = open({ store: stubborn, maxSegments: 2, logger });

    for (const photo of ['1', '2', '3']) await gallery.add('Anna', [aNewFace(photo, [1, 0, 0, 0])]);

    expect(await objectsOf(store)).toHaveLength(4);
    expect(await open().faces('Anna')).toEqual(['1', '2', '3']);
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['gallery not merged']);

    await open().removeFace('Anna', '2');

    expect(await open().faces('Anna')).toEqual(['1', '3']);
    expect((await objectsOf(store)).length).toBeLessThanOrEqual(2);
  });
});

describe('search', () => {
  test('a search sees the writes of another instance after refreshMs', async () => {
    const { clock, open } = setUp();
    const reader = open({ refreshMs: 1000 });
    const find = async () =>
      (await reader.search(aPicture.picture, [probe(1, 0, 0, 0)], { people: 1 }))[0]!.length;
    expect(await find()).toBe(0);
    await open().add('Anna', [aNewFace('1', [1, 0, 0, 0])]);

    expect(await find()).toBe(0);
    await clock.advance(1000);

    expect(await find()).toBe(1);
  });

  test('a search costs no request within refreshMs, and one listing later when nothing changed', async () => {
    const { clock, store, open } = setUp();
    await open().add('Anna', [aNewFace('1', [1, 0, 0, 0])]);
    const counted = counting(store);
    const reader = open({ store: counted.store });
    const find = () => reader.search(aPicture.picture, [probe(1, 0, 0, 0)], { people: 1 });
    await find();
    const loaded = { ...counted.calls };

    await find();
    expect(counted.calls).toEqual(loaded);

    await clock.advance(5000);
    await find();
    expect(counted.calls).toEqual({ ...loaded, list: loaded.list! + 1 });
  });
});

describe('add', () => {
  test('a write whose first answer was lost succeeds', async () => {
    const { store, open } = setUp();
    const retrying: ObjectStore = {
      ...store,
      async put(...args) {
        await store.put(...args);
        return store.put(...args);
      },
    };
    const gallery = open({ store: retrying });

    await gallery.add('Anna', [aNewFace('1', [1, 0, 0, 0])]);

    expect(await gallery.faces('Anna')).toEqual(['1']);
  });

  test('a face that two writers add at once counts once, and one removal removes it', async () => {
    const { open } = setUp();
    const [one, two] = [open(), open()];
    await Promise.all([one, two].map((gallery) => gallery.add('Anna', [aNewFace('1', [1, 0, 0, 0])])));
    expect(await one.faces('Anna')).toEqual(['1']);

    await two.removeFace('Anna', '1');

    expect(await one.faces('Anna')).toEqual([]);
  });
});

describe('removal', () => {
  test('removals are forgotten after seven days, when everything is merged', async () => {
    const { clock, store, open } = setUp();
    const gallery = open({ maxSegments: 1 });
    const sizeAfter = async (days: number) => {
      await clock.advance(days * 86_400_000);
      for (const photo of ['x', 'y']) {
        await gallery.add('Berta', [aNewFace(`${photo}${days}`, [1, 0, 0, 0])]);
      }
      return (await removalsIn(store)).length;
    };
    await gallery.add('Anna', [aNewFace('1', [1, 0, 0, 0])]);
    await gallery.removePerson('Anna');

    expect(await sizeAfter(6)).toBe(1);
    expect(await sizeAfter(2)).toBe(0);
  });
});

async function removalsIn(store: ObjectStore): Promise<unknown[]> {
  return (await objectsOf(store)).flatMap((bytes) => {
    const header = bytes.subarray(12, 12 + bytes.readUInt32LE(8)).toString();
    return JSON.parse(header).removals as unknown[];
  });
}
