import { beforeEach, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../shared/oss/object-store.ts';
import type { ResultDocument } from '../../../shared/results/document.ts';
import type { PublishedResult } from '../../../shared/results/identity.ts';
import { resultKeys } from '../../../shared/results/keys.ts';
import {
  findPublished,
  removeResults,
  writeArtifacts,
  writeDocument,
} from '../../../shared/results/writer.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

const SOURCE = {
  bucket: 'photos',
  key: 'incoming/a.jpg',
  region: 'cn-hangzhou',
  requestId: '65A1B2C3D4E5F60718293A4B',
  eventTime: '2026-01-01T00:00:00.000Z',
};
const KEYS = resultKeys('results/', SOURCE);
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff);

let store: ObjectStore;

beforeEach(() => {
  store = createMemoryStore({ bucket: 'photos', clock: manualClock() });
});

/** A document whose faces have crops at the given positions. */
function aDocument(crops: readonly boolean[], artifacts: ResultDocument['artifacts'] = {}): ResultDocument {
  return {
    schemaVersion: 1,
    outcome: 'processed',
    source: SOURCE,
    faces: crops.map((hasCrop, index) => ({
      box: { x: 1, y: 2, width: 3, height: 4 },
      probability: 0.9,
      attributes: {},
      crop: hasCrop ? KEYS.crop(index) : undefined,
    })),
    artifacts,
  };
}

function published(faces: number): PublishedResult {
  return { ...SOURCE, requestId: 'EARLIER', faces };
}

async function putAll(...keys: string[]): Promise<void> {
  for (const key of keys) await store.put(key, JPEG);
}

async function allKeys(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list()) keys.push(key);
  return keys;
}

describe('writeArtifacts', () => {
  test('a picture of 300 faces writes a few crops at a time', async () => {
    let open = 0;
    let most = 0;
    const counting: ObjectStore = {
      ...store,
      async put(key, body, options) {
        most = Math.max(most, ++open);
        await new Promise(setImmediate);
        open--;
        return store.put(key, body, options);
      },
    };

    await writeArtifacts(counting, KEYS, { annotated: JPEG, crops: Array<Uint8Array>(300).fill(JPEG) });

    expect(await allKeys()).toHaveLength(301);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(6);
  });

  test('every picture becomes a JPEG at its key', async () => {
    await writeArtifacts(store, KEYS, { annotated: JPEG, redacted: JPEG, crops: [JPEG, JPEG] });

    const keys = await allKeys();
    expect(keys).toEqual([KEYS.annotated, KEYS.crop(0), KEYS.crop(1), KEYS.redacted]);
    const types = await Promise.all(keys.map(async (key) => (await store.head(key))?.contentType));
    expect(new Set(types)).toEqual(new Set(['image/jpeg']));
  });

  test('an aborted signal stops the writing', async () => {
    const writing = writeArtifacts(store, KEYS, { annotated: JPEG, crops: [] }, AbortSignal.abort());

    await expect(writing).rejects.toMatchObject({ code: 'Aborted' });
    expect(await allKeys()).toEqual([]);
  });
});

describe('writeDocument', () => {
  test('the document is JSON, and its metadata counts the faces that have a crop', async () => {
    await writeDocument(store, KEYS, aDocument([true, false, true]), undefined);

    expect(await store.head(KEYS.document)).toMatchObject({
      contentType: 'application/json',
      metadata: { faces: '2' },
    });
  });

  test('the document is written as it is, with a line break at its end', async () => {
    const document = aDocument([true]);

    await writeDocument(store, KEYS, document, undefined);

    const text = Buffer.concat(await (await store.get(KEYS.document)).body.toArray()).toString();
    expect(JSON.parse(text)).toEqual(document);
    expect(text).toMatch(/^{\n {2}"schemaVersion": 1,[\s\S]*}\n$/);
  });

  test('a document without a predecessor deletes nothing', async () => {
    await putAll(KEYS.annotated, KEYS.redacted, KEYS.crop(0), KEYS.crop(1));

    await writeDocument(store, KEYS, aDocument([]), undefined);

    expect(await allKeys()).toHaveLength(5);
  });

  test('a new document deletes the crops, but no others, that only its predecessor had', async () => {
    await putAll(KEYS.crop(0), KEYS.crop(1), KEYS.crop(2), KEYS.crop(3));

    await writeDocument(store, KEYS, aDocument([true]), published(3));

    expect(await allKeys()).toEqual([KEYS.document, KEYS.crop(0), KEYS.crop(3)]);
  });

  test('a new document keeps the pictures that it names', async () => {
    await putAll(KEYS.annotated, KEYS.redacted);

    await writeDocument(
      store,
      KEYS,
      aDocument([], { annotated: KEYS.annotated, redacted: KEYS.redacted }),
      published(0),
    );

    expect(await allKeys()).toEqual([KEYS.annotated, KEYS.document, KEYS.redacted]);
  });

  test.each([
    ['annotated', { redacted: KEYS.redacted }, KEYS.redacted],
    ['redacted', { annotated: KEYS.annotated }, KEYS.annotated],
  ])(
    'a new document without an %s picture deletes the one of its predecessor',
    async (_, artifacts, kept) => {
      await putAll(KEYS.annotated, KEYS.redacted);

      await writeDocument(store, KEYS, aDocument([], artifacts), published(0));

      expect((await allKeys()).sort()).toEqual([KEYS.document, kept].sort());
    },
  );

  test('an aborted signal leaves no document', async () => {
    const writing = writeDocument(store, KEYS, aDocument([]), undefined, AbortSignal.abort());

    await expect(writing).rejects.toMatchObject({ code: 'Aborted' });
    expect(await allKeys()).toEqual([]);
  });
});

describe('findPublished', () => {
  test('a written document is found with the identity of its write', async () => {
    await writeDocument(store, KEYS, aDocument([true]), undefined);

    const { region: _, ...identity } = SOURCE;
    expect(await findPublished(store, KEYS)).toEqual({ ...identity, faces: 1 });
  });

  test('an absent document is undefined', async () => {
    expect(await findPublished(store, KEYS)).toBeUndefined();
  });

  test('an aborted signal stops the search', async () => {
    await expect(findPublished(store, KEYS, AbortSignal.abort())).rejects.toMatchObject({ code: 'Aborted' });
  });
});

describe('removeResults', () => {
  test('all results of one source object go, crops with several digits included', async () => {
    await putAll(KEYS.document, KEYS.annotated, KEYS.redacted, KEYS.crop(0), KEYS.crop(12));

    expect(await removeResults(store, KEYS)).toBe(5);
    expect(await allKeys()).toEqual([]);
  });

  test('objects that are not results of this source object stay', async () => {
    const others = ['0.jpg/faces.json', '0.jpg.bak', 'x0.jpg'].map((name) => `${KEYS.crops}${name}`);
    await putAll(...others, 'results/incoming/b.jpg/faces/0.jpg');

    expect(await removeResults(store, KEYS)).toBe(0);
    expect(await allKeys()).toHaveLength(4);
  });

  test.each(['head', 'list', 'delete'] as const)(
    'a signal that is aborted before a %s stops the removal',
    async (operation) => {
      await putAll(KEYS.annotated, KEYS.crop(0));
      const controller = new AbortController();
      const aborting: ObjectStore = {
        ...store,
        [operation]: (...args: [never, never]) => {
          controller.abort();
          return store[operation](...args);
        },
      };

      const removal = removeResults(aborting, KEYS, controller.signal);

      await expect(removal).rejects.toMatchObject({ code: 'Aborted' });
      expect(await allKeys()).toHaveLength(2);
    },
  );
});
