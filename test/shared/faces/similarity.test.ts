import { describe, expect, test } from 'vitest';
import type { Face } from '../../../shared/faces/face.ts';
import { isMatchable, MIN_MATCH_WIDTH, similarity } from '../../../shared/faces/similarity.ts';
import type { UprightImage } from '../../../shared/images/image.ts';

const face = (width: number): Pick<Face, 'box'> => ({ box: { x: 0, y: 0, width, height: width } });
const image = (width: number, rasterWidth: number): UprightImage => ({
  width,
  height: width,
  format: 'png',
  raster: { data: new Uint8Array(), width: rasterWidth, height: rasterWidth },
});

describe('similarity', () => {
  test('similarity is 1 for equal, 0 for perpendicular and -1 for opposite directions', () => {
    const right = Float32Array.of(1, 0);

    expect(similarity(right, right)).toBe(1);
    expect(similarity(right, Float32Array.of(0, 1))).toBe(0);
    expect(similarity(right, Float32Array.of(-1, 0))).toBe(-1);
  });

  test('embeddings of different sizes are rejected', () => {
    expect(() => similarity(new Float32Array(512), new Float32Array(128))).toThrow(
      'embeddings of 512 and 128 numbers',
    );
  });
});

describe('isMatchable', () => {
  test('a face needs a minimum width in pixels of the raster', () => {
    expect(isMatchable(face(MIN_MATCH_WIDTH), image(1000, 1000))).toBe(true);
    expect(isMatchable(face(MIN_MATCH_WIDTH - 1), image(1000, 1000))).toBe(false);
  });

  test('the width of a face counts after scaling the picture down', () => {
    expect(isMatchable(face(89), image(4000, 2000))).toBe(false);
    expect(isMatchable(face(90), image(4000, 2000))).toBe(true);
  });
});
