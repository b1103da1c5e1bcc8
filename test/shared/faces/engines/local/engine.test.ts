import { copyFile, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLocalEngine } from '../../../../../shared/faces/engines/local/engine.ts';
import { MODEL_FILES, type ModelName, modelPath } from '../../../../../shared/faces/engines/local/models.ts';
import type { AttributeName, Box, Face } from '../../../../../shared/faces/face.ts';
import { similarity } from '../../../../../shared/faces/similarity.ts';
import { faceEngineContract } from '../../../../contracts/face-engine.ts';
import { engineInProcess } from '../../../../support/engine-in-process.ts';
import {
  blankImage,
  countFound,
  crowd,
  decodeSample,
  SAMPLE_NUMBERS,
  type Sample,
} from '../../../../support/photos.ts';

faceEngineContract('createLocalEngine', () => engineInProcess(createLocalEngine()), {
  attributes: ['age', 'gender', 'expression'],
  embeddings: true,
});

faceEngineContract(
  'the local engine with dlib',
  () => engineInProcess(createLocalEngine({ embedder: 'dlib' })),
  {
    attributes: ['age', 'gender', 'expression'],
    embeddings: true,
  },
);

describe('createLocalEngine', () => {
  const engine = createLocalEngine();
  const faces = new Map<Sample, Face[]>();
  const fractions = new Map<Sample, Box[]>();

  beforeAll(async () => {
    const everything = new Set<AttributeName>(['age', 'gender', 'expression']);
    for (const sample of SAMPLE_NUMBERS) {
      const image = await decodeSample(sample);
      const found = await engine.analyze(image, { attributes: everything, embeddings: true });
      faces.set(sample, found);
      fractions.set(
        sample,
        found.map(({ box }) => ({
          x: box.x / image.width,
          y: box.y / image.height,
          width: box.width / image.width,
          height: box.height / image.height,
        })),
      );
    }
  });
  afterAll(() => engine.close());

  const fromLeft = (sample: Sample) => faces.get(sample)!.toSorted((a, b) => a.box.x - b.box.x);

  test('two photos of one woman are more similar than any pair of strangers', () => {
    const once = fromLeft(1).at(-1)!;
    const again = fromLeft(3)[1]!;

    const everybody = [...faces.values()].flat();
    const pairs = everybody
      .flatMap((face, i) => everybody.slice(0, i).map((other) => [face, other] as const))
      .filter(([a, b]) => !(a === again && b === once))
      .map(([a, b]) => similarity(a.embedding!, b.embedding!));

    expect(similarity(once.embedding!, again.embedding!)).toBeCloseTo(0.602, 2);
    expect(pairs).toHaveLength(230);
    expect(Math.max(...pairs)).toBeLessThan(0.44);
  });

  test('adults get plausible ages and clear genders', () => {
    const described = [...faces.values()].flat().map(({ attributes }) => attributes);

    for (const { age, gender, expression } of described) {
      expect(age).toBeGreaterThan(15);
      expect(age).toBeLessThan(45);
      expect(gender!.probability).toBeGreaterThan(0.8);
      expect(expression!.probability).toBeGreaterThan(1 / 7);
    }
  });

  test('a face has 68 landmarks, a pose and a quality', () => {
    for (const { landmarks, pose, quality } of [...faces.values()].flat()) {
      expect(landmarks).toHaveLength(68);
      for (const angle of Object.values(pose!)) expect(Math.abs(angle)).toBeLessThan(60);
      expect(quality).toBeGreaterThan(0);
      expect(quality).toBeLessThanOrEqual(1);
    }
  });

  test('the small faces of a crowd are found by the close-up', async () => {
    const { image, boxes } = await crowd(5, (sample) => fractions.get(sample)!);

    const found = await engine.analyze(image, { attributes: new Set(), embeddings: false });

    expect(boxes).toHaveLength(92);
    expect(
      countFound(
        boxes,
        found.map(({ box }) => box),
      ),
    ).toBeGreaterThanOrEqual(88);
    expect(found.length).toBeLessThanOrEqual(94);
  });

  test('an analysis stops when it is aborted after its start', async () => {
    const image = await decodeSample(5);
    const controller = new AbortController();

    const analysis = engine.analyze(image, {
      attributes: new Set(),
      embeddings: false,
      signal: controller.signal,
    });
    controller.abort();

    await expect(analysis).rejects.toMatchObject({ code: 'Aborted' });
  });

  test('a closed engine can be used again', async () => {
    const reopened = createLocalEngine();
    await reopened.warmUp();
    await reopened.close();

    const found = await reopened.analyze(await decodeSample(1), { attributes: new Set(), embeddings: false });
    await reopened.close();

    expect(found).toHaveLength(3);
  });
});

describe('embedder dlib', () => {
  const engine = createLocalEngine({ embedder: 'dlib' });
  const { size, thresholds } = engine.embedder!;
  afterAll(() => engine.close());

  const facesOf = async (sample: Sample) => {
    const options = { attributes: new Set<AttributeName>(), embeddings: true };
    const found = await engine.analyze(await decodeSample(sample), options);
    return found.sort((a, b) => a.box.x - b.box.x);
  };

  test('with dlib, one woman in two photos is a match and other women are not', async () => {
    const first = await facesOf(1);
    const third = await facesOf(3);

    const [once, again] = [first.at(-1)!, third[1]!];
    const others = [...first.slice(0, -1), third[0]!, third[2]!];
    const strangers = others.map(({ embedding }) => similarity(again.embedding!, embedding!));

    expect(again.embedding).toHaveLength(size);
    expect(similarity(once.embedding!, again.embedding!)).toBeGreaterThan(thresholds.match);
    expect(Math.max(...strangers)).toBeLessThan(thresholds.match);
  });

  test('with dlib, faces have no quality', async () => {
    expect((await facesOf(3)).map(({ quality }) => quality)).toEqual([undefined, undefined, undefined]);
  });

  test('with dlib, version and embedder have other names', () => {
    const usual = createLocalEngine();

    expect(engine.version).not.toBe(usual.version);
    expect(engine.embedder!.name).not.toBe(usual.embedder!.name);
  });
});

describe('models', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mnsoss-models-'));
    for (const [name, { file }] of Object.entries(MODEL_FILES)) {
      await copyFile(modelPath(name as ModelName), join(folder, file));
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('models load from a folder', async () => {
    const engine = createLocalEngine({ modelsDir: folder });

    const found = await engine.analyze(await decodeSample(1), { attributes: new Set(), embeddings: false });
    await engine.close();

    expect(found).toHaveLength(3);
  });

  test('missing models are searched again at the next call', async () => {
    const modelsDir = join(folder, 'later');
    const engine = createLocalEngine({ modelsDir });

    await expect(engine.warmUp()).rejects.toMatchObject({ code: 'ModelMismatch', kind: 'misconfigured' });
    await symlink(folder, modelsDir);
    await engine.warmUp();
    const found = await engine.analyze(blankImage(), { attributes: new Set(), embeddings: false });
    await engine.close();

    expect(found).toEqual([]);
  });
});

test('the version depends on the parameters', () => {
  const usual = createLocalEngine().version;

  expect(usual).toMatch(/^local-1\+[0-9a-f]{8}$/);
  expect(createLocalEngine().version).toBe(usual);
  expect(createLocalEngine({ threads: 2 }).version).toBe(usual);
  expect(createLocalEngine({ minProbability: 0.8 }).version).not.toBe(usual);
});
