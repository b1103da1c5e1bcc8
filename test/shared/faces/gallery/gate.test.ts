import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { GATE_RULES, judgeLikeness, judgePhoto } from '../../../../shared/faces/gallery/gate.ts';
import { sharpnessOf } from '../../../../shared/images/sharpness.ts';
import { openPixels } from '../../../support/analyze.ts';
import { aFace } from '../../../support/fake-engine.ts';
import { blankImage, decodePhoto, sampleBytes } from '../../../support/photos.ts';

/** Box of a face in the second sample photo. */
const BOX = { x: 455, y: 120, width: 200, height: 230 };

async function aPhoto(
  change: (photo: ReturnType<typeof sharp>) => ReturnType<typeof sharp> = (photo) => photo,
) {
  return decodePhoto(
    await change(sharp(sampleBytes(2)))
      .jpeg({ quality: 95 })
      .toBuffer(),
  );
}

describe('sharpnessOf', () => {
  test('sharpness decreases with every step of blur', async () => {
    const values: number[] = [];
    for (const sigma of [0, 2, 4, 8]) {
      values.push(sharpnessOf(await aPhoto((photo) => (sigma ? photo.blur(sigma) : photo)), BOX));
    }

    expect([...values].sort((a, b) => b - a)).toEqual(values);
    expect(values[0]).toBeGreaterThan(2 * GATE_RULES.minSharpness);
    expect(values[3]).toBeLessThan(GATE_RULES.minSharpness / 2);
  });

  test('sharpness does not depend on light, and little on size', async () => {
    const sharpness = sharpnessOf(await aPhoto(), BOX);
    const dim = sharpnessOf(await aPhoto((photo) => photo.linear(0.5, 20)), BOX);
    const half = await aPhoto((photo) => photo.resize({ width: 512 }));
    const scale = half.width / (await aPhoto()).width;
    const small = sharpnessOf(half, {
      x: BOX.x * scale,
      y: BOX.y * scale,
      width: BOX.width * scale,
      height: BOX.height * scale,
    });

    expect(dim / sharpness).toBeCloseTo(1, 0);
    expect(small / sharpness).toBeGreaterThan(0.5);
    expect(small / sharpness).toBeLessThan(2);
  });

  test('sharpness is 0 for a plain surface, and defined at the edge of the picture', () => {
    const image = blankImage(20, 20);

    expect(sharpnessOf(image, { x: 0, y: 0, width: 20, height: 20 })).toBe(0);
    expect(sharpnessOf(image, { x: 19.5, y: 19.5, width: 0.5, height: 0.5 })).toBe(0);
  });
});

describe('judgePhoto', () => {
  test('a clear portrait passes with its face', async () => {
    const face = aFace({ box: BOX, quality: 0.8, pose: { yaw: 10, pitch: -10, roll: 44 } });

    expect(await judgePhoto(openPixels(await aPhoto()), [face])).toEqual({ face });
  });

  test('the width of a face is measured in pixels of the raster', async () => {
    const image = await decodePhoto(sampleBytes(2), { rasterSide: 320 });

    expect(await judgePhoto(openPixels(image), [aFace({ box: BOX })])).toMatchObject({
      refusal: { reason: 'too-small', message: expect.stringContaining('expected 80 or more') },
    });
  });
});

describe('judgeLikeness', () => {
  const thresholds = { match: 0.45, high: 0.5, plausible: 0.35 };
  const judge = (similarities: Record<string, number>, known = 'Anna' in similarities) =>
    judgeLikeness({
      person: 'Anna',
      known,
      candidates: Object.entries(similarities)
        .map(([person, similarity]) => ({ person, similarity, id: 'i', photo: 'p' }))
        .sort((a, b) => b.similarity - a.similarity),
      thresholds,
    });

  test.each<[Record<string, number>, boolean, string | undefined]>([
    [{}, false, undefined],
    [{ Berta: 0.44 }, false, undefined],
    [{ Berta: 0.45 }, false, 'looks-like-another'],
    [{ Berta: 0.5, Anna: 0.6 }, true, undefined],
    [{ Berta: 0.6, Anna: 0.5 }, true, 'looks-like-another'],
    [{ Anna: 0.35 }, true, undefined],
    [{ Anna: 0.34 }, true, 'unlike-others'],
    [{ Berta: 0.4 }, true, 'unlike-others'],
  ])('similarities %j of a person who is known: %s give %s', (similarities, known, reason) => {
    expect(judge(similarities, known)?.reason).toBe(reason);
  });
});
