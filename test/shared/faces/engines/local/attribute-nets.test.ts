import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Nets, openNets } from '../../../../../shared/faces/engines/local/nets.ts';

/** A picture that anyone can make again: byte `i` of the interleaved pixels is `i × 7919 mod 256`. */
function picture(): Float32Array {
  const size = 112 * 112;
  return Float32Array.from(
    { length: 3 * size },
    (_, i) => (((i % size) * 3 + Math.floor(i / size)) * 7919) % 256,
  );
}

let nets: Nets;
beforeAll(async () => {
  nets = await openNets({ threads: 1 });
});
afterAll(() => Promise.all(Object.values(nets).map((net) => net.release())));

// The expected numbers are what @vladmandic/face-api 1.7.15 computes by its own code on TensorFlow.js (cpu).
test('the age and gender network computes what face-api computes', async () => {
  const { age, gender } = await nets.ageGender.run(picture(), [1, 3, 112, 112]);

  expect(age![0]).toBeCloseTo(53.017872, 4);
  expect(Math.log(gender![0]! / gender![1]!)).toBeCloseTo(1.774904 + 0.594172, 4);
});

test('the expression network computes what face-api computes', async () => {
  const { expression } = await nets.expression.run(picture(), [1, 3, 112, 112]);

  const expected = [0.181361, 0.043008, 0.699275, 0.018365, 0.033449, 0.000179, 0.024363];
  expect(expression).toHaveLength(expected.length);
  for (const [i, probability] of expected.entries()) expect(expression![i]).toBeCloseTo(probability, 5);
});
