import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FaceEngine } from '../../shared/faces/engine.ts';
import type { AttributeName, Box, Face } from '../../shared/faces/face.ts';
import type { AnalyzeOptions } from '../../shared/faces/picture.ts';
import { overlap } from '../../shared/images/geometry.ts';
import { analyze } from '../support/analyze.ts';
import { blankImage, decodeSample, SAMPLE_NUMBERS, SAMPLES, sampleBytes } from '../support/photos.ts';

export interface FaceEngineTraits {
  /** What the engine knows about a face. */
  readonly attributes: readonly AttributeName[];
  /** Whether it describes faces by embeddings. */
  readonly embeddings: boolean;
}

const EVERYTHING: readonly AttributeName[] = ['age', 'gender', 'expression', 'glasses', 'hat', 'mask'];

/** What every engine promises. `open` gives an engine that nothing has warmed up. */
export function faceEngineContract(
  name: string,
  open: () => FaceEngine | Promise<FaceEngine>,
  traits: FaceEngineTraits,
): void {
  describe(`${name} as a face engine`, () => {
    let engine: FaceEngine;
    beforeAll(async () => {
      engine = await open();
    });
    afterAll(() => engine.close());

    const boxesOf = (faces: readonly Face[]): Box[] => faces.map(({ box }) => box);
    const ask = (...attributes: AttributeName[]): AnalyzeOptions => ({
      attributes: new Set(attributes),
      embeddings: false,
    });

    test(`${name} works without a warm-up, and a warm-up can be repeated`, async () => {
      const cold = await open();

      const before = await analyze(cold, sampleBytes(1), ask());
      await Promise.all([cold.warmUp(), cold.warmUp()]);
      const after = await analyze(cold, sampleBytes(1), ask());
      await cold.close();

      expect(before).toHaveLength(SAMPLES[1]);
      expect(after).toEqual(before);
    });

    test(`${name} has a name and a version`, () => {
      expect(engine.name).toMatch(/^[a-z0-9-]+$/);
      expect(engine.version).toMatch(/^[\w.+-]+$/);
    });

    test.each([
      [640, 480],
      [1, 1],
      [1920, 3],
    ])(`${name} finds no face in an empty picture of %i × %i`, async (width, height) => {
      const faces = await analyze(engine, blankImage(width, height), ask(...EVERYTHING));

      expect(faces).toEqual([]);
    });

    test.each(SAMPLE_NUMBERS)(`${name} finds every face of sample %i and nothing else`, async (sample) => {
      const { width, height } = await decodeSample(sample);

      const faces = await analyze(engine, sampleBytes(sample), ask('gender'));

      expect(faces).toHaveLength(SAMPLES[sample]);
      for (const { box, probability, attributes } of faces) {
        expect(probability).toBeGreaterThan(0);
        expect(probability).toBeLessThanOrEqual(1);
        expect(box.width).toBeGreaterThan(0);
        expect(box.height).toBeGreaterThan(0);
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.y).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(width);
        expect(box.y + box.height).toBeLessThanOrEqual(height);
        if (traits.attributes.includes('gender')) expect(attributes.gender?.value).toBe('female');
      }
    });

    test(`${name} orders faces from the largest to the smallest`, async () => {
      const faces = await analyze(engine, sampleBytes(5), ask());

      const areas = boxesOf(faces).map(({ width, height }) => width * height);
      expect(areas).toEqual(areas.toSorted((a, b) => b - a));
    });

    test(`${name} places keypoints left and right as the picture shows them`, async () => {
      const faces = await analyze(engine, sampleBytes(3), ask());

      for (const { keypoints, box } of faces) {
        if (!keypoints) continue;
        expect(keypoints.leftEye.x).toBeLessThan(keypoints.rightEye.x);
        expect(keypoints.mouthLeft.x).toBeLessThan(keypoints.mouthRight.x);
        expect(keypoints.leftEye.y).toBeLessThan(keypoints.mouthLeft.y);
        expect(keypoints.nose.x).toBeGreaterThan(box.x);
        expect(keypoints.nose.x).toBeLessThan(box.x + box.width);
      }
    });

    test(`${name} returns boxes in pixels of the upright image, however small the raster`, async () => {
      const fine = await analyze(engine, sampleBytes(6), ask());
      const coarse = await analyze(engine, sampleBytes(6), ask(), { rasterSide: 960 });

      expectSameBoxes(boxesOf(coarse), boxesOf(fine));
    });

    test(`${name} returns boxes half as large for a picture half as large`, async () => {
      const half = await sharp(sampleBytes(6)).resize(960).png().toBuffer();

      const whole = await analyze(engine, sampleBytes(6), ask());
      const small = await analyze(engine, half, ask());

      const doubled = boxesOf(small).map(({ x, y, width, height }) => ({
        x: 2 * x,
        y: 2 * y,
        width: 2 * width,
        height: 2 * height,
      }));
      expectSameBoxes(doubled, boxesOf(whole));
    });

    test(`${name} sees a rotated picture upright`, async () => {
      const turned = await sharp(sampleBytes(3))
        .rotate(270)
        .withMetadata({ orientation: 6 })
        .jpeg({ quality: 100 })
        .toBuffer();

      const stored = await analyze(engine, turned, ask());
      const upright = await analyze(engine, sampleBytes(3), ask());

      expectSameBoxes(boxesOf(stored), boxesOf(upright));
    });

    test(`${name} returns no attribute that was not requested`, async () => {
      const faces = await analyze(engine, sampleBytes(1), ask());

      expect(faces.map(({ attributes }) => attributes)).toEqual([{}, {}, {}]);
      expect(faces.filter((face) => 'embedding' in face)).toEqual([]);
    });

    test.each(traits.attributes)(`${name} returns only %s when only that is requested`, async (attribute) => {
      const faces = await analyze(engine, sampleBytes(3), ask(attribute));

      expect(faces.map(({ attributes }) => Object.keys(attributes))).toEqual([
        [attribute],
        [attribute],
        [attribute],
      ]);
    });

    test(`${name} omits what it does not know`, async () => {
      const [face] = await analyze(engine, sampleBytes(3), ask(...EVERYTHING));

      expect(Object.keys(face!.attributes).toSorted()).toEqual(traits.attributes.toSorted());
    });

    if (traits.embeddings) {
      test(`${name} returns embeddings of unit length when requested`, async () => {
        const faces = await analyze(engine, sampleBytes(4), {
          attributes: new Set(),
          embeddings: true,
        });

        expect(faces).toHaveLength(SAMPLES[4]);
        for (const { embedding } of faces) expect(Math.hypot(...embedding!)).toBeCloseTo(1, 5);
      });
    }

    test(`${name} gives overlapping calls the same answers`, async () => {
      const files = [sampleBytes(1), sampleBytes(2)] as const;

      const together = await Promise.all(files.map((file) => analyze(engine, file, ask())));

      expect(together[0]).toEqual(await analyze(engine, files[0], ask()));
      expect(together[1]).toEqual(await analyze(engine, files[1], ask()));
    });

    test(`${name} stops when its signal is aborted`, async () => {
      const analysis = analyze(engine, sampleBytes(1), { ...ask(), signal: AbortSignal.abort() });

      await expect(analysis).rejects.toMatchObject({ code: 'Aborted' });
    });
  });
}

/** The same faces, up to what another sampling of the picture moves. */
function expectSameBoxes(actual: readonly Box[], expected: readonly Box[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const box of expected) {
    expect(Math.max(...actual.map((other) => overlap(box, other)))).toBeGreaterThan(0.8);
  }
}
