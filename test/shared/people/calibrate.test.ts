import { expect, test } from 'vitest';
import { calibrate } from '../../../shared/people/calibrate.ts';
import { aSeenFace } from './support.ts';

test('only pairs within one picture count, and each of them as strangers', () => {
  const faces = [
    aSeenFace(1, { picture: 'a', number: 0 }),
    aSeenFace(2, { picture: 'a', number: 1 }),
    aSeenFace(3, { picture: 'a', number: 2 }),
    aSeenFace(1, { picture: 'b' }),
  ];

  const { pairs, rates } = calibrate(faces, 0.001);

  expect(pairs).toBe(3);
  expect(rates.map(({ passed }) => passed)).toEqual(rates.map(() => 0));
});

test('a mirror image passes, and the interval contains the rate', () => {
  const faces = [aSeenFace(1, { picture: 'a', number: 0 }), aSeenFace(1, { picture: 'a', number: 1 })];

  const { rates } = calibrate(faces, 0.001);

  const { passed, rate, interval } = rates.find(({ threshold }) => threshold === 0.5)!;
  expect({ passed, rate }).toEqual({ passed: 1, rate: 1 });
  expect(interval[0]).toBeGreaterThan(0);
  expect(interval[1]).toBeCloseTo(1, 10);
});

test('few pictures give no proposal, but the number of pairs that would', () => {
  const faces = [aSeenFace(1, { picture: 'a', number: 0 }), aSeenFace(2, { picture: 'a', number: 1 })];

  const { proposal, pairsNeeded } = calibrate(faces, 0.001);

  expect(proposal).toBeUndefined();
  expect(pairsNeeded).toBe(3838);
});

test('enough pairs of strangers give the lowest threshold for the wanted rate', () => {
  const faces = Array.from({ length: 100 }, (_, i) => [
    aSeenFace(1, { picture: `p${i}`, number: 0 }),
    aSeenFace(2, { picture: `p${i}`, number: 1 }),
  ]).flat();

  const { proposal, rates } = calibrate(faces, 0.05);

  expect(proposal).toBe(0.3);
  expect(rates[0]!.interval[1]).toBeLessThan(0.05);
});
