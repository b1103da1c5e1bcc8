import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { centroid, distance, fitSimilarity } from '../../../../../shared/faces/engines/local/geometry.ts';
import type { Point } from '../../../../../shared/faces/face.ts';

const square: Point[] = [
  { x: 0, y: 0 },
  { x: 2, y: 0 },
  { x: 2, y: 2 },
  { x: 0, y: 2 },
];

test('distance is the length of the line, centroid the mean of the points', () => {
  expect(distance({ x: 1, y: 1 }, { x: 4, y: 5 })).toBe(5);
  expect(centroid(square)).toEqual({ x: 1, y: 1 });
});

describe('fitSimilarity', () => {
  const number = fc.double({ min: -100, max: 100, noNaN: true });

  test('fitSimilarity finds any rotation, scale and shift', () => {
    fc.assert(
      fc.property(
        number,
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        number,
        number,
        (angle, scale, dx, dy) => {
          const cos = scale * Math.cos(angle);
          const sin = scale * Math.sin(angle);
          const moved = square.map(({ x, y }) => ({ x: cos * x - sin * y + dx, y: sin * x + cos * y + dy }));

          const affine = fitSimilarity(square, moved);

          for (const [i, expected] of [cos, -sin, dx, sin, cos, dy].entries())
            expect(affine[i]).toBeCloseTo(expected, 6);
        },
      ),
    );
  });

  test('fitSimilarity takes the mean when points disagree', () => {
    const stretched = square.map(({ x, y }) => ({ x: 3 * x, y }));

    expect(fitSimilarity(square, stretched)[0]).toBeCloseTo(2, 10);
  });
});
