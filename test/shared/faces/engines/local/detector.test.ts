import { describe, expect, test } from 'vitest';
import {
  createDetector,
  type Detection,
  suppress,
} from '../../../../../shared/faces/engines/local/detector.ts';
import { makePriors, type Size } from '../../../../../shared/faces/engines/local/priors.ts';
import type { Net } from '../../../../../shared/faces/engines/local/session.ts';
import type { Raster } from '../../../../../shared/images/image.ts';

const raster: Raster = { data: new Uint8Array(1920 * 1440 * 3), width: 1920, height: 1440 };

/** Output of a net: the prior nearest to a position, with a probability. Fractions of the picture. */
interface Sight {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly probability: number;
}

/** A net that answers with sights by input width, after so many looks, and remembers what it was asked. */
function scriptedNet(sights: Record<number, readonly Sight[]>, blindLooks = 0): Net & { asked: Size[] } {
  const asked: Size[] = [];
  return {
    asked,
    async run(_input, [, , height, width]) {
      const size = { width: width!, height: height! };
      asked.push(size);
      const priors = makePriors(size);
      const scores = new Float32Array(priors.length / 2);
      for (const sight of (asked.length > blindLooks && sights[size.width]) || [])
        scores[2 * nearest(priors, sight) + 1] = sight.probability;
      return { scores, '462': new Float32Array(priors.length) };
    },
    async release() {},
  };
}

function nearest(priors: Float32Array, { x, y, width }: Sight): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < priors.length / 4; i++) {
    const away =
      Math.abs(priors[4 * i]! - x) +
      Math.abs(priors[4 * i + 1]! - y) +
      10 * Math.abs(priors[4 * i + 2]! - width);
    if (away < least) [best, least] = [i, away];
  }
  return best;
}

const large = { x: 0.45, y: 7 / 16, width: 0.3, probability: 0.99 };
const small = { x: 0.2, y: 0.2, width: 0.032, probability: 0.95 };

describe('createDetector', () => {
  test('the detector runs once when all faces are large', async () => {
    const net = scriptedNet({ 320: [large] });

    const [face, ...others] = await createDetector(net).detect(raster, 0.7);

    expect(net.asked).toEqual([{ width: 320, height: 240 }]);
    expect(others).toEqual([]);
    expect(face!.probability).toBeCloseTo(0.99, 5);
    expect(face!.box.x).toBeCloseTo(576, 3);
    expect(face!.box.y).toBeCloseTo(342, 3);
    expect(face!.box.width).toBeCloseTo(576, 3);
    expect(face!.box.height).toBeCloseTo(576, 3);
  });

  test.each([
    ['a small face', [large, small]],
    ['the hint of one', [large, { ...small, probability: 0.45 }]],
    ['nothing', []],
  ])('the detector runs a close-up after %s', async (what, seen) => {
    const net = scriptedNet({ 320: seen, 960: [{ ...small, x: 0.8 }] });

    const faces = await createDetector(net).detect(raster, 0.7);

    const sure = seen.filter(({ probability }) => probability >= 0.7);
    expect(net.asked.map(({ width }) => width)).toEqual(what === 'nothing' ? [320, 960, 320] : [320, 960]);
    expect(faces).toHaveLength(sure.length + 1);
  });

  test('the close-up adds neither large faces nor parts of known faces', async () => {
    const eye = { x: 0.42, y: 0.42, width: 0.033, probability: 0.9 };
    const net = scriptedNet({ 320: [large, small], 960: [{ ...large, x: 0.8, width: 0.2 }, eye] });

    const faces = await createDetector(net).detect(raster, 0.7);

    expect(faces.map(({ box }) => Math.round(box.width))).toEqual([576, 60]);
  });

  test('the input is turned for a picture in portrait format', async () => {
    const upright: Raster = { data: raster.data, width: 1440, height: 1920 };
    const net = scriptedNet({});

    await createDetector(net).detect(upright, 0.7);

    expect(net.asked).toEqual([
      { width: 240, height: 320 },
      { width: 720, height: 960 },
      { width: 240, height: 320 },
    ]);
  });

  test('without a certain detection the picture is analyzed with a margin, which gives no certain detections', async () => {
    const net = scriptedNet({ 320: [large] }, 2);

    const [face, ...others] = await createDetector(net).detect(raster, 0.7);

    // The picture is 229 × 171 of 320 × 240 then, from (45, 34) on.
    expect(net.asked.map(({ width }) => width)).toEqual([320, 960, 320]);
    expect(others).toEqual([]);
    expect(face!.box.x).toBeCloseTo((96 - 45) * (1920 / 229), 3);
    expect(face!.box.y).toBeCloseTo((57 - 34) * (1440 / 171), 3);
    expect(face!.box.width).toBeCloseTo(96 * (1920 / 229), 3);
    expect(face!.box.height).toBeCloseTo(96 * (1440 / 171), 3);
    expect(face!.certain).toBe(false);
  });

  test('a very high probability is certain', async () => {
    const sights = [large, { ...small, x: 0.9, width: 0.2, probability: 0.98 }];

    const faces = await createDetector(scriptedNet({ 320: sights })).detect(raster, 0.7);

    expect(faces.map(({ certain }) => certain)).toEqual([true, false]);
  });

  test('detections below the minimum probability are left out', async () => {
    const faces = await createDetector(scriptedNet({ 320: [large] })).detect(raster, 0.995);

    expect(faces).toEqual([]);
  });
});

describe('suppress', () => {
  const at = (x: number, probability: number): Detection => ({
    box: { x, y: 0, width: 10, height: 10 },
    probability,
    certain: false,
  });

  test('suppress keeps the most probable of overlapping boxes, and all others', () => {
    const kept = suppress([at(1, 0.8), at(0, 0.9), at(30, 0.75)]);

    expect(kept).toEqual([at(0, 0.9), at(30, 0.75)]);
  });

  test('suppress keeps neighbours that overlap little', () => {
    expect(suppress([at(0, 0.9), at(7, 0.8)])).toHaveLength(2);
  });
});
