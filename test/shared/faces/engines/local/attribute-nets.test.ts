import { afterAll, beforeAll, expect, test } from 'vitest';
import { EMBEDDERS } from '../../../../../shared/faces/engines/local/embedders.ts';
import { type Nets, openNets } from '../../../../../shared/faces/engines/local/nets.ts';

/** A reproducible picture: byte `i` of the interleaved pixels is `i × 7919 mod 256`. */
function picture(side = 112): Float32Array {
  const size = side * side;
  return Float32Array.from(
    { length: 3 * size },
    (_, i) => (((i % size) * 3 + Math.floor(i / size)) * 7919) % 256,
  );
}

let nets: Nets;
beforeAll(async () => {
  nets = await openNets({ threads: 1, embedder: EMBEDDERS.dlib });
});
afterAll(() => Promise.all(Object.values(nets).map((net) => net.release())));

// The expected numbers were computed by @vladmandic/face-api 1.7.15 itself on TensorFlow.js (cpu).
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

test('the recognition network computes what face-api computes', async () => {
  const { output } = await nets.embedding.run(picture(150), [1, 3, 150, 150]);

  const expected = [
    -0.019178204, 0.119925909, 0.032532975, -0.085396722, -0.110086866, -0.012784222, -0.08748018,
    0.037150243,
  ];
  expect(output).toHaveLength(128);
  for (const [i, value] of expected.entries()) expect(output![i]).toBeCloseTo(value, 5);
  expect(Math.hypot(...output!)).toBeCloseTo(1.315993, 4);
});
