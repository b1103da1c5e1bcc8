import { Readable } from 'node:stream';
import sharp from 'sharp';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Gallery } from '../../../shared/faces/gallery/gallery.ts';
import type { ObjectStore } from '../../../shared/oss/object-store.ts';
import { readPipelineOptions } from '../../../shared/pipeline/options.ts';
import type { RecognitionResult } from '../../../shared/pipeline/outcome.ts';
import type { Pipeline } from '../../../shared/pipeline/pipeline.ts';
import { createRecognition } from '../../../shared/pipeline/recognize.ts';
import type { ResultDocument } from '../../../shared/results/document.ts';
import { type ManualClock, manualClock } from '../../../shared/runtime/clock.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { createLogger, silentLogger } from '../../../shared/runtime/log.ts';
import { anEvent } from '../../support/events.ts';
import { aFace, type FakeEngine, fakeEngine } from '../../support/fake-engine.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

const KEY = 'incoming/a.jpg';
const DOCUMENT = 'results/incoming/a.jpg/faces.json';

let clock: ManualClock;
let store: ObjectStore;
let engine: FakeEngine;
let lines: string[];

beforeEach(() => {
  clock = manualClock();
  store = createMemoryStore({ bucket: 'photos', clock });
  engine = fakeEngine(() => [aFace()]);
  lines = [];
});

function pipelineWith(
  env: NodeJS.ProcessEnv = {},
  parts: { engine?: FakeEngine; store?: ObjectStore } = {},
): Pipeline<RecognitionResult> {
  return createRecognition({
    openBucket: () => parts.store ?? store,
    engine: parts.engine ?? engine,
    options: readPipelineOptions(env),
    clock,
    logger: createLogger({ write: (line) => lines.push(line) }),
  });
}

async function aPicture(color = '#336699', size = 32): Promise<Buffer> {
  return sharp({ create: { width: size, height: size, channels: 3, background: color } })
    .jpeg()
    .toBuffer();
}

/** Puts bytes and gives the event that OSS would send. */
async function upload(bytes: Uint8Array, changes: Parameters<typeof anEvent>[0] = {}) {
  const { etag, requestId } = await store.put(changes.key ?? KEY, bytes);
  return anEvent({ etag, requestId, size: bytes.length, ...changes });
}

async function documentAt(key: string): Promise<ResultDocument> {
  const { body } = await store.get(key);
  return JSON.parse(Buffer.concat(await body.toArray()).toString()) as ResultDocument;
}

async function keysOf(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list({ prefix })) keys.push(key);
  return keys;
}

describe('processed pictures', () => {
  test('a picture is published with its artifacts first and its document last', async () => {
    const order: string[] = [];
    const watched: ObjectStore = {
      ...store,
      put(key, ...rest) {
        order.push(key);
        return store.put(key, ...rest);
      },
    };
    const event = await upload(await aPicture());

    const outcome = await pipelineWith({}, { store: watched })(event);

    expect(outcome).toMatchObject({ outcome: 'processed', faces: 1, document: DOCUMENT });
    expect(order.at(-1)).toBe(DOCUMENT);
    expect(order.slice(0, -1).sort()).toEqual([
      'results/incoming/a.jpg/annotated.jpg',
      'results/incoming/a.jpg/faces/0.jpg',
    ]);
    expect(await documentAt(DOCUMENT)).toMatchObject({
      outcome: 'processed',
      source: {
        bucket: 'photos',
        key: KEY,
        requestId: event.requestId,
        etag: event.etag,
        width: 32,
        height: 32,
      },
      engine: { name: 'fake', version: 'fake-1' },
      faces: [{ box: { x: 4, y: 4, width: 8, height: 8 }, crop: 'results/incoming/a.jpg/faces/0.jpg' }],
    });
  });

  test('a picture without a face is a result with zero faces', async () => {
    engine = fakeEngine(() => []);

    const outcome = await pipelineWith()(await upload(await aPicture()));

    expect(outcome).toMatchObject({ outcome: 'processed', faces: 0 });
    expect((await documentAt(DOCUMENT)).faces).toEqual([]);
  });

  test('a second delivery of a processed picture is a duplicate and costs one HEAD', async () => {
    const event = await upload(await aPicture());
    await pipelineWith()(event);
    const calls: string[] = [];
    const counting = new Proxy(store, {
      get(target, name: keyof ObjectStore) {
        calls.push(name);
        return target[name];
      },
    });

    const outcome = await pipelineWith({}, { store: counting })(event);

    expect(outcome.outcome).toBe('duplicate');
    expect(calls).toEqual(['head']);
    expect(engine.asked).toHaveLength(1);
  });

  test('a picture with the MD5 of the one before it gets a result of its own', async () => {
    const twins: ObjectStore = {
      ...store,
      get: async (key, options) => {
        const read = await store.get(key, options);
        return { ...read, head: { ...read.head, etag: 'FORCED' } };
      },
    };
    const pipeline = pipelineWith({}, { store: twins });

    const first = await upload(await aPicture('#ff0000'), { etag: 'FORCED' });
    await pipeline(first);
    const firstHash = (await documentAt(DOCUMENT)).source.sha256;
    const second = await upload(await aPicture('#00ff00'), { etag: 'FORCED' });
    const outcome = await pipeline(second);

    expect(outcome.outcome).toBe('processed');
    const document = await documentAt(DOCUMENT);
    expect(document.source.requestId).toBe(second.requestId);
    expect(document.source.sha256).not.toBe(firstHash);
  });

  test('a picture whose event has a percent-encoded key is found', async () => {
    await store.put('incoming/é b.jpg', await aPicture());

    const outcome = await pipelineWith()(anEvent({ key: 'incoming/%C3%A9%20b.jpg' }));

    expect(outcome).toMatchObject({
      outcome: 'processed',
      document: 'results/incoming/%C3%A9%20b.jpg/faces.json',
    });
  });

  test('a result names the pictures that were drawn, and has no others', async () => {
    await pipelineWith({ REDACT: 'true' })(await upload(await aPicture()));
    const both = await documentAt(DOCUMENT);
    await pipelineWith({ ANNOTATE: 'false' })(await upload(await aPicture('#ff0000')));
    const none = await documentAt(DOCUMENT);

    expect(both.artifacts).toEqual({
      annotated: 'results/incoming/a.jpg/annotated.jpg',
      redacted: 'results/incoming/a.jpg/redacted.jpg',
    });
    expect(none.artifacts).toEqual({});
  });

  test('a result goes to the result bucket', async () => {
    const results = createMemoryStore({ bucket: 'faces', clock });
    const process = createRecognition({
      openBucket: (name) => (name === 'faces' ? results : store),
      engine,
      options: readPipelineOptions({ RESULT_BUCKET: 'faces' }),
      clock,
      logger: silentLogger,
    });

    await process(await upload(await aPicture()));

    expect(await results.head(DOCUMENT)).toBeDefined();
    expect(await store.head(DOCUMENT)).toBeUndefined();
  });

  test('without known people, the engine makes no embeddings, and no face has a match', async () => {
    await pipelineWith()(await upload(await aPicture()));

    expect(engine.asked[0]!.options.embeddings).toBe(false);
    expect((await documentAt(DOCUMENT)).faces[0]).not.toHaveProperty('match');
  });

  test('with known people, an unknown face has the similarity to the nearest one', async () => {
    const { signal } = new AbortController();
    const asked: unknown[] = [];
    const gallery = {
      usesEmbeddings: true,
      thresholds: { match: 0.5, high: 0.6, plausible: 0.3 },
      async search(_image: unknown, _faces: unknown, options: unknown) {
        asked.push(options);
        await clock.advance(30);
        return [[{ person: 'Anna', id: '1', photo: 'a', similarity: 0.4 }]];
      },
    } as unknown as Gallery;
    engine = fakeEngine(() => [aFace({ box: { x: 0, y: 0, width: 64, height: 64 } })]);
    const process = createRecognition({
      openBucket: () => store,
      engine,
      options: readPipelineOptions({}),
      gallery,
      clock,
      logger: silentLogger,
    });

    const outcome = await process(await upload(await aPicture('#336699', 64)), { signal, deadline: 7 });

    expect(outcome).toMatchObject({ known: 0, unknown: 1, durations: { identify: 30 } });
    expect((await documentAt(DOCUMENT)).faces).toMatchObject([{ match: { unknown: true, bestScore: 0.4 } }]);
    expect(engine.asked[0]!.options.embeddings).toBe(true);
    expect(asked).toMatchObject([{ signal, deadline: 7 }]);
  });

  test('a result contains nothing that configuration leaves out', async () => {
    engine = fakeEngine(() => [
      aFace({
        attributes: { age: 30, gender: { value: 'female', probability: 1 } },
        pose: { yaw: 1, pitch: 2, roll: 3 },
        quality: 0.9,
      }),
    ]);

    await pipelineWith({
      ATTRIBUTES: 'gender',
      POSE: 'false',
      QUALITY: 'false',
      ANNOTATE: 'false',
      CROPS: 'false',
      REDACT: 'true',
    })(await upload(await aPicture()));

    expect(await keysOf('results/')).toEqual([DOCUMENT, 'results/incoming/a.jpg/redacted.jpg']);
    const [face] = (await documentAt(DOCUMENT)).faces;
    for (const left of ['crop', 'pose', 'quality']) expect(face).not.toHaveProperty(left);
    expect(face?.attributes).toEqual({ gender: { value: 'female', probability: 1 } });
    expect([...engine.asked[0]!.options.attributes]).toEqual(['gender']);
  });

  test('a result leaves no crop of the picture that it replaces', async () => {
    engine = fakeEngine(() => (engine.asked.length === 1 ? [aFace(), aFace(), aFace()] : [aFace()]));
    const pipeline = pipelineWith();

    await pipeline(await upload(await aPicture('#ff0000')));
    await pipeline(await upload(await aPicture('#00ff00')));

    expect(await keysOf('results/incoming/a.jpg/faces/')).toEqual(['results/incoming/a.jpg/faces/0.jpg']);
  });
});

describe('events out of order', () => {
  test('an event is superseded when the object has changed since', async () => {
    const old = await upload(await aPicture('#ff0000'));
    await upload(await aPicture('#00ff00'));

    expect((await pipelineWith()(old)).outcome).toBe('superseded');
    expect(await keysOf('results/')).toEqual([]);
  });

  test('an event is superseded by the result of a later write, without reading the object', async () => {
    const pipeline = pipelineWith();
    const early = anEvent({ requestId: 'EARLY', eventTime: '2026-01-01T00:00:00.000Z' });
    await pipeline(await upload(await aPicture(), { eventTime: '2026-01-01T00:00:05.000Z' }));

    expect((await pipeline(early)).outcome).toBe('superseded');
    expect(engine.asked).toHaveLength(1);
  });

  test('an event is superseded by a later result that appears during its processing', async () => {
    const later = { requestId: 'LATER', eventTime: '2026-01-01T00:00:09.000Z' };
    engine = fakeEngine(async () => {
      if (engine.asked.length > 1) return [];
      await pipelineWith({}, { engine: fakeEngine() })(anEvent(later));
      return [aFace()];
    });

    const outcome = await pipelineWith()(await upload(await aPicture()));

    expect(outcome.outcome).toBe('superseded');
    expect((await documentAt(DOCUMENT)).source.requestId).toBe('LATER');
    expect(await keysOf('results/incoming/a.jpg/faces/')).toEqual([]);
  });

  test('a failure is superseded by a later result that appears during its processing', async () => {
    const later = { requestId: 'LATER', eventTime: '2026-01-01T00:00:09.000Z' };
    engine = fakeEngine(async () => {
      await pipelineWith({}, { engine: fakeEngine() })(anEvent(later));
      throw new AppError('InvalidRequest', 'planned');
    });

    const outcome = await pipelineWith()(await upload(await aPicture()));

    expect(outcome).toMatchObject({ outcome: 'superseded' });
    expect((await documentAt(DOCUMENT)).outcome).toBe('processed');
  });

  test('an event of an object that does not exist is gone', async () => {
    expect(await pipelineWith()(anEvent())).toMatchObject({ outcome: 'gone', removed: 0 });
  });
});

describe('pictures passed by URL', () => {
  test.each([
    ['cn-hangzhou', true, true],
    ['cn-shanghai', true, false],
    [undefined, true, false],
    ['cn-hangzhou', false, false],
  ])(
    'a picture is passed by URL to an engine in %s, when URLs can be signed (%s): %s',
    async (region, signs, passed) => {
      const process = createRecognition({
        openBucket: () => store,
        engine: { ...engine, region },
        options: readPipelineOptions({}),
        presign: signs ? async ({ key }) => `https://oss/${key}` : undefined,
        clock,
        logger: silentLogger,
      });
      const event = await upload(await aPicture());

      await process(event);

      const { source } = engine.asked[0]!.options;
      expect(source).toEqual(passed ? { url: `https://oss/${KEY}`, bytes: event.size } : undefined);
    },
  );
});

describe('removals', () => {
  const removal = anEvent({ eventName: 'ObjectRemoved:DeleteObject', requestId: 'REMOVAL' });

  test('a removal removes the results of its object, and no others', async () => {
    const pipeline = pipelineWith();
    await pipeline(await upload(await aPicture()));
    await pipeline(await upload(await aPicture(), { key: 'incoming/a.jpg/faces/b.jpg', requestId: 'B' }));
    await store.delete(KEY);

    const outcome = await pipeline(removal);

    expect(outcome).toMatchObject({ outcome: 'gone', removed: 3 });
    expect(Object.keys(outcome.durations)).toEqual(['admit', 'publish']);
    expect(await keysOf('results/')).toEqual([
      'results/incoming/a.jpg/faces/b.jpg/annotated.jpg',
      'results/incoming/a.jpg/faces/b.jpg/faces.json',
      'results/incoming/a.jpg/faces/b.jpg/faces/0.jpg',
    ]);
  });

  test('a removal that arrives after the object was written again leaves its results', async () => {
    const pipeline = pipelineWith();
    await pipeline(await upload(await aPicture()));

    expect((await pipeline(removal)).outcome).toBe('superseded');
    expect(await keysOf('results/')).toHaveLength(3);
  });
});

describe('unusable images', () => {
  test('a file that is not an image is invalid, with the reason in its document', async () => {
    const outcome = await pipelineWith()(await upload(Buffer.from('hello')));

    expect(outcome).toMatchObject({ outcome: 'invalid', code: 'InvalidImage', document: DOCUMENT });
    const document = await documentAt(DOCUMENT);
    expect(document).toMatchObject({ outcome: 'invalid', faces: [], error: { code: 'InvalidImage' } });
    expect(document.source).not.toHaveProperty('width');
    expect(engine.asked).toEqual([]);
  });

  test.each([
    ['the event', { size: 5000 }],
    ['the object', { size: undefined }],
  ])('an object is refused by the size that %s gives, before its body is read', async (_who, changes) => {
    const big: ObjectStore = {
      ...store,
      get: async (key, options) => {
        const read = await store.get(key, options);
        read.body.destroy();
        const body = new Readable({ read: () => expect.unreachable('the body was read') });
        return { head: { ...read.head, size: 5000 }, body };
      },
    };
    const event = await upload(await aPicture(), changes);

    const outcome = await pipelineWith({ MAX_BYTES: '1024' }, { store: big })(event);

    expect(outcome).toMatchObject({ outcome: 'invalid', code: 'ImageTooLarge' });
    expect('reason' in outcome && outcome.reason).toContain('MAX_BYTES=1024');
  });

  test('the document of an invalid file is replaced when a valid picture follows', async () => {
    const pipeline = pipelineWith();
    await pipeline(await upload(Buffer.from('hello')));
    await pipeline(await upload(await aPicture()));

    expect((await documentAt(DOCUMENT)).outcome).toBe('processed');
  });
});

describe('engine errors', () => {
  test('a permanent error of the engine is recorded as failed', async () => {
    engine = fakeEngine(() => {
      throw new AppError('InvalidRequest', 'the service refused the picture');
    });

    const outcome = await pipelineWith()(await upload(await aPicture()));

    expect(outcome).toMatchObject({ outcome: 'failed', code: 'InvalidRequest' });
    expect((await documentAt(DOCUMENT)).error).toEqual({
      code: 'InvalidRequest',
      message: 'the service refused the picture',
    });
  });

  test.each(['ServiceUnavailable', 'Throttled', 'ModelMismatch'] as const)(
    'an engine error %s is thrown, and nothing is recorded',
    async (code) => {
      engine = fakeEngine(() => {
        throw new AppError(code, 'planned');
      });

      await expect(pipelineWith()(await upload(await aPicture()))).rejects.toMatchObject({ code });
      expect(await keysOf('results/')).toEqual([]);
    },
  );

  test('an unknown error of the engine is thrown as Unexpected, to be retried', async () => {
    engine = fakeEngine(() => {
      throw new TypeError('undefined is not a function');
    });

    await expect(pipelineWith()(await upload(await aPicture()))).rejects.toMatchObject({
      code: 'Unexpected',
    });
  });
});

describe('log', () => {
  test('the log has one line per image, with ids, faces and the milliseconds of each stage', async () => {
    const event = await upload(await aPicture());

    await pipelineWith()(event);

    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0]!);
    expect(line).toMatchObject({ level: 'info', id: event.id, key: KEY, outcome: 'processed', faces: 1 });
    expect(Object.keys(line.durations)).toEqual([
      'admit',
      'fetch',
      'prepare',
      'analyze',
      'render',
      'publish',
    ]);
  });
});
