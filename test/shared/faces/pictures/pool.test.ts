import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FaceEngine } from '../../../../shared/faces/engine.ts';
import { createLocalEngine } from '../../../../shared/faces/engines/local/engine.ts';
import { localEngineTraits } from '../../../../shared/faces/engines/local/version.ts';
import type { AnalyzeOptions } from '../../../../shared/faces/picture.ts';
import { createPicturePool, type PicturePoolOptions } from '../../../../shared/faces/pictures/pool.ts';
import { readProcUsage } from '../../../../shared/faces/pictures/usage.ts';
import { DEFAULT_IMAGE_BOUNDS, MEGABYTE } from '../../../../shared/images/image.ts';
import type { AppError } from '../../../../shared/runtime/errors.ts';
import { faceEngineContract } from '../../../contracts/face-engine.ts';
import { analyze } from '../../../support/analyze.ts';
import { engineInProcess } from '../../../support/engine-in-process.ts';
import { SAMPLES, sampleBytes } from '../../../support/photos.ts';

const EVERYTHING: AnalyzeOptions = { attributes: new Set(['age', 'gender', 'expression']), embeddings: true };
const BOXES: AnalyzeOptions = { attributes: new Set(), embeddings: false };
const BOUNDS = { bounds: DEFAULT_IMAGE_BOUNDS };

const LIMITS = { workers: 1, maxWaiting: 16, memoryBytes: 1024 * MEGABYTE, maxPictureMb: 640 };

faceEngineContract('the local engine in processes', () => engineOf({ workers: 2 }), {
  attributes: ['age', 'gender', 'expression'],
  embeddings: true,
});

function engineOf(options: Partial<PicturePoolOptions> = {}): FaceEngine {
  return { ...localEngineTraits(), ...createPicturePool({ engine: {}, ...LIMITS, ...options }) };
}

function open(options: Partial<PicturePoolOptions> = {}): FaceEngine {
  const engine = engineOf(options);
  onTestFinished(() => engine.close());
  return engine;
}

/** What `misbehaving-process.ts` does, by the red of the first pixel. */
const ACT = { exit: 1, throw: 2, burn: 3, devour: 4, hang: 5, segfault: 6 } as const;

/** A picture that makes the engine of so many processes misbehave. */
function evil(act: keyof typeof ACT, processes: number): Promise<Buffer> {
  const background = { r: ACT[act], g: processes, b: 0 };
  return sharp({ create: { width: 16, height: 16, channels: 3, background } })
    .png()
    .toBuffer();
}

const harmless = () =>
  sharp({ create: { width: 16, height: 16, channels: 3, background: '#000' } })
    .png()
    .toBuffer();

function openMisbehaving(options: Partial<PicturePoolOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
  writeFileSync(join(folder, 'count'), '');
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const crashes: AppError[] = [];
  const engine = open({
    entry: new URL('./misbehaving-process.ts', import.meta.url),
    engine: { modelsDir: folder },
    onCrash: (error) => crashes.push(error),
    ...options,
  });
  return { engine, crashes };
}

describe('a pool of picture processes', () => {
  test('a pool of picture processes answers as the engine does in its own process', async () => {
    const alone = engineInProcess(createLocalEngine());
    onTestFinished(() => alone.close());

    const faces = await analyze(open(), sampleBytes(2), EVERYTHING);

    expect(faces).toHaveLength(SAMPLES[2]);
    expect(faces).toEqual(await analyze(alone, sampleBytes(2), EVERYTHING));
  });

  test('a pool of picture processes encodes, cuts, measures and draws as is done in one process', async () => {
    const alone = await engineInProcess(createLocalEngine()).open(sampleBytes(1), BOUNDS);
    const box = { x: 100, y: 100, width: 200, height: 200 };
    const crop = { padding: 0.25, minSide: 64, maxSide: 512, quality: 85 };
    const plan = {
      annotation: { faces: [{ box, label: 'Anna', tone: 'match' as const }], banner: '1 face' },
      redact: [box],
      mask: [box],
      crops: [box, box],
    };

    const picture = await open().open(sampleBytes(1), BOUNDS);

    expect(picture).toMatchObject({ width: 1920, height: 1280, format: 'jpeg', storedUpright: true });
    expect(await picture.sharpness(box)).toBe(await alone.sharpness(box));
    expect(await picture.encode({ maxBytes: 100_000, maxSide: 400 })).toEqual(
      await alone.encode({ maxBytes: 100_000, maxSide: 400 }),
    );
    expect(await picture.crop(box, crop)).toEqual(await alone.crop(box, crop));
    expect(await picture.render(plan)).toEqual(await alone.render(plan));
  });

  test('a fault in a process is told by its code', async () => {
    const warming = open({ engine: { modelsDir: '/nowhere' } }).warmUp();

    await expect(warming).rejects.toMatchObject({ code: 'ModelMismatch', kind: 'misconfigured' });
    await expect(warming).rejects.toThrow('/nowhere');
  });

  test('a picture that would have to wait in too long a line is sent back', async () => {
    const { engine } = openMisbehaving({ maxWaiting: 1 });
    const file = await harmless();

    const results = await Promise.allSettled([1, 2, 3].map(() => analyze(engine, file, BOXES)));

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(results[2]).toMatchObject({ reason: { code: 'Throttled', retryAfterMs: 1000 } });
  });

  test('a picture in analysis is stopped by its signal, and the next one is taken', async () => {
    const engine = open();
    await engine.warmUp();
    const controller = new AbortController();
    const picture = await engine.open(sampleBytes(5), { ...BOUNDS, signal: controller.signal });

    const stopped = picture.faces(EVERYTHING);
    setImmediate(() => controller.abort());

    await expect(stopped).rejects.toMatchObject({ code: 'Aborted' });
    picture.close();
    await expect(analyze(engine, sampleBytes(1), BOXES)).resolves.toHaveLength(SAMPLES[1]);
  });

  test('a process that does not stop when its signal fires is ended, and another takes the next picture', async () => {
    const { engine, crashes } = openMisbehaving();
    await engine.warmUp();
    const controller = new AbortController();
    const picture = await engine.open(await evil('burn', 1), { ...BOUNDS, signal: controller.signal });

    const stopped = picture.faces(BOXES);
    setImmediate(() => controller.abort());

    await expect(stopped).rejects.toMatchObject({ code: 'Aborted', kind: 'transient' });
    picture.close();
    await expect(analyze(engine, await harmless(), BOXES)).resolves.toEqual([]);
    expect(crashes).toEqual([]);
  });

  test.each<[act: 'exit' | 'throw' | 'segfault', details: object]>([
    ['exit', { exitCode: 7 }],
    ['throw', { exitCode: 1 }],
    ['segfault', { exitSignal: 'SIGSEGV' }],
  ])('a process that ends by itself (%s) is replaced and its picture repeated', async (act, details) => {
    const { engine, crashes } = openMisbehaving();

    const faces = await analyze(engine, await evil(act, 1), BOXES);

    expect(faces).toEqual([]);
    expect(crashes).toMatchObject([{ code: 'EngineCrashed', details }]);
    if (act === 'throw') expect(crashes[0]!.cause).toContain('out of order');
  });

  test('a picture that ends two processes is given up as transient, and the next one is taken', async () => {
    const { engine, crashes } = openMisbehaving();

    const analysis = analyze(engine, await evil('exit', 2), BOXES);

    await expect(analysis).rejects.toMatchObject({ code: 'EngineCrashed', kind: 'transient' });
    expect(crashes).toHaveLength(1);
    await expect(analyze(engine, await harmless(), BOXES)).resolves.toEqual([]);
  });

  test('a picture that uses too much processor time is invalid at once, by the name of the bound', async () => {
    const { engine, crashes } = openMisbehaving();
    await engine.warmUp();

    const analysis = analyze(engine, await evil('burn', 9), BOXES, { maxPictureSeconds: 1 });

    await expect(analysis).rejects.toMatchObject({
      code: 'ImageTooLarge',
      kind: 'permanent',
      details: { bound: 'maxPictureSeconds', limit: 1 },
    });
    expect(crashes).toEqual([]);
    await expect(analyze(engine, await harmless(), BOXES)).resolves.toEqual([]);
  });

  test('a process that looks at itself says when a picture uses too much', async () => {
    const { engine } = openMisbehaving({ readUsage: () => undefined });
    const bounds = { ...DEFAULT_IMAGE_BOUNDS, maxPictureSeconds: 0.05 };

    const opening = engine.open(await slowPng(), { bounds });

    await expect(opening).rejects.toMatchObject({ details: { bound: 'maxPictureSeconds' } });
  });

  test('a picture that uses too much memory is invalid, by the name of the bound', async () => {
    const { engine, crashes } = openMisbehaving({ maxPictureMb: 64 });
    await engine.warmUp();

    const analysis = analyze(engine, await evil('devour', 9), BOXES, { maxPictureMb: 64 });

    await expect(analysis).rejects.toMatchObject({
      code: 'ImageTooLarge',
      details: { bound: 'maxPictureMb', limit: 64 },
    });
    expect(crashes).toEqual([]);
  });

  test('a picture whose estimate is above the budget is refused before it is decoded', async () => {
    const { engine } = openMisbehaving({ memoryBytes: 100 * MEGABYTE });
    const large = await sharp({ create: { width: 6000, height: 4000, channels: 3, background: '#345' } })
      .gif()
      .toBuffer();

    const opening = engine.open(large, BOUNDS);

    await expect(opening).rejects.toMatchObject({
      code: 'ImageTooLarge',
      details: { bound: 'maxPictureMb', limit: 100 },
    });
  });

  test('an ordinary photo does not wait for costly pictures', async () => {
    const { engine } = openMisbehaving({ workers: 2 });
    const costly = await slowPng();
    const ordinary = await harmless();
    const order: string[] = [];
    const look = (name: string, file: Buffer) => analyze(engine, file, BOXES).then(() => order.push(name));

    await Promise.all([look('costly', costly), look('costly', costly), look('ordinary', ordinary)]);

    expect(order).toEqual(['ordinary', 'costly', 'costly']);
  });

  test('an open picture survives the end of its process because of another picture', async () => {
    const { engine, crashes } = openMisbehaving({ picturesPerWorker: 2 });
    const kept = await engine.open(sampleBytes(1), BOUNDS);

    const analysis = analyze(engine, await evil('burn', 9), BOXES, { maxPictureSeconds: 1 });
    await expect(analysis).rejects.toMatchObject({ code: 'ImageTooLarge' });
    const { bytes } = await kept.encode({ maxBytes: 1_000_000, maxSide: 100 });

    expect((await sharp(bytes).metadata()).width).toBe(100);
    expect(crashes).toEqual([]);
  });

  test('a pool that is closed ends its processes, whatever they do, and starts new ones when it is used again', async () => {
    const { engine } = openMisbehaving();
    const picture = await engine.open(await evil('burn', 1), BOUNDS);
    const analysis = picture.faces(BOXES);
    const refused = expect(analysis).rejects.toMatchObject({ code: 'Aborted' });
    await new Promise((resolve) => setTimeout(resolve, 50));

    await engine.close();

    await refused;
    picture.close();
    await expect(analyze(engine, await harmless(), BOXES)).resolves.toEqual([]);
  });
});

test('the use of a process is read from /proc, and is undefined for one that is not there', () => {
  const own = readProcUsage(process.pid);

  expect(own?.processorMs).toBeGreaterThan(0);
  expect(own?.residentBytes).toBeGreaterThan(10 * MEGABYTE);
  expect(readProcUsage(2 ** 30)).toBeUndefined();
});

test('a picture process gets no secret of its parent', async () => {
  process.env.ACCESSKEY_SECRET = 'canary';
  onTestFinished(() => {
    delete process.env.ACCESSKEY_SECRET;
  });
  const { engine } = openMisbehaving();
  await engine.warmUp();

  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(' ');
  const environments = children.map((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8'));

  expect(environments.some((text) => text.includes('MALLOC_ARENA_MAX=2'))).toBe(true);
  expect(environments.filter((text) => text.includes('canary'))).toEqual([]);
});

/** Takes a decoder a second or so. */
function slowPng(): Promise<Buffer> {
  return sharp({ create: { width: 9000, height: 9000, channels: 3, background: '#000' } })
    .png({ compressionLevel: 1 })
    .toBuffer();
}
