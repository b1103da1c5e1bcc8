import { afterEach, describe, expect, test } from 'vitest';
import type { AnalyzeOptions, FaceEngine } from '../../../../../shared/faces/engine.ts';
import { createLocalEngine } from '../../../../../shared/faces/engines/local/engine.ts';
import { createEnginePool, type EnginePoolOptions } from '../../../../../shared/faces/engines/local/pool.ts';
import type { UprightImage } from '../../../../../shared/images/image.ts';
import type { AppError } from '../../../../../shared/runtime/errors.ts';
import { faceEngineContract } from '../../../../contracts/face-engine.ts';
import { blankImage, decodeSample, SAMPLES } from '../../../../support/photos.ts';

/** As `crashing-worker.ts` takes them; importing it would start it. */
const EXIT = 0;
const THROW = 1;

const EVERYTHING: AnalyzeOptions = { attributes: new Set(['age', 'gender', 'expression']), embeddings: true };
const BOXES: AnalyzeOptions = { attributes: new Set(), embeddings: false };

faceEngineContract('the pool of threads', () => createEnginePool({ workers: 2, maxWaiting: 16 }), {
  attributes: ['age', 'gender', 'expression'],
  embeddings: true,
});

const opened: FaceEngine[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((engine) => engine.close()));
});

function open(options: Partial<EnginePoolOptions> = {}): FaceEngine {
  const engine = createEnginePool({ workers: 1, maxWaiting: 16, ...options });
  opened.push(engine);
  return engine;
}

function openCrashing(options: Partial<EnginePoolOptions> = {}) {
  const crashes: AppError[] = [];
  const engine = open({
    entry: new URL('./crashing-worker.ts', import.meta.url),
    onCrash: (error) => crashes.push(error),
    ...options,
  });
  return { engine, crashes };
}

/** A picture without a face that ends threads. */
function deadlyImage(times: number, way = EXIT): UprightImage {
  const { raster, ...image } = blankImage();
  const data = new Uint8Array(new SharedArrayBuffer(raster.data.length));
  data.set([times, way]);
  return { ...image, format: 'gif', raster: { ...raster, data } };
}

describe('the pool of threads', () => {
  test('answers as the engine does in its own thread, and leaves the picture as it is', async () => {
    const alone = createLocalEngine();
    opened.push(alone);
    const image = await decodeSample(2);
    const before = Uint8Array.from(image.raster.data);

    const faces = await open().analyze(image, EVERYTHING);

    expect(faces).toHaveLength(SAMPLES[2]);
    expect(faces).toEqual(await alone.analyze(image, EVERYTHING));
    expect(Buffer.compare(image.raster.data, before)).toBe(0);
  });

  test('is the same engine to galleries and results', () => {
    const { name, version, embedder } = createLocalEngine({ minProbability: 0.8 });

    expect(open({ minProbability: 0.8 })).toMatchObject({ name, version, embedder });
  });

  test('tells what is wrong in a thread by its code', async () => {
    const warming = open({ modelsDir: '/nowhere' }).warmUp();

    await expect(warming).rejects.toMatchObject({ code: 'ModelMismatch', kind: 'misconfigured' });
    await expect(warming).rejects.toThrow('/nowhere');
  });

  test('sends a picture back that would have to wait in too long a line', async () => {
    const engine = open({ maxWaiting: 1 });

    const results = await Promise.allSettled([1, 2, 3].map(() => engine.analyze(blankImage(), BOXES)));

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(results[2]).toMatchObject({ reason: { code: 'Throttled', retryAfterMs: 1000 } });
  });

  test('stops in the middle of a picture, and takes the next', async () => {
    const engine = open();
    await engine.warmUp();
    const controller = new AbortController();

    const stopped = engine.analyze(await decodeSample(5), { ...EVERYTHING, signal: controller.signal });
    setImmediate(() => controller.abort());

    await expect(stopped).rejects.toMatchObject({ code: 'Aborted' });
    await expect(engine.analyze(await decodeSample(1), BOXES)).resolves.toHaveLength(SAMPLES[1]);
  });

  test('lets pictures end when it is closed, and opens again', async () => {
    const engine = open();
    const images = [await decodeSample(1), await decodeSample(3)];
    const analyses = images.map((image) => engine.analyze(image, BOXES));

    await engine.close();

    const counts = (await Promise.all(analyses)).map(({ length }) => length);
    expect(counts).toEqual([SAMPLES[1], SAMPLES[3]]);
    await expect(engine.analyze(blankImage(), BOXES)).resolves.toEqual([]);
  });

  test.each([
    ['ends', EXIT, { exitCode: 7 }],
    ['throws where nobody catches', THROW, { exitCode: 1 }],
  ])('replaces a thread that %s and repeats its picture', async (_, way, details) => {
    const { engine, crashes } = openCrashing();

    const faces = await engine.analyze(deadlyImage(1, way), BOXES);

    expect(faces).toEqual([]);
    expect(crashes).toMatchObject([{ code: 'EngineCrashed', details }]);
    if (way === THROW) expect(crashes[0]!.cause).toMatchObject({ message: 'out of order' });
  });

  test('gives up a picture that ends two threads, and takes the next', async () => {
    const { engine, crashes } = openCrashing();

    await expect(engine.analyze(deadlyImage(2), BOXES)).rejects.toMatchObject({
      code: 'EngineCrashed',
      kind: 'transient',
    });

    expect(crashes).toHaveLength(1);
    await expect(engine.analyze(await decodeSample(1), BOXES)).resolves.toHaveLength(SAMPLES[1]);
  });

  test('a thread that ends takes no other picture with it', async () => {
    const { engine, crashes } = openCrashing({ workers: 2 });

    const [spared, repeated] = await Promise.all([
      engine.analyze(await decodeSample(5), BOXES),
      engine.analyze(deadlyImage(1), BOXES),
    ]);

    expect(spared).toHaveLength(SAMPLES[5]);
    expect(repeated).toEqual([]);
    expect(crashes).toHaveLength(1);
  });
});
