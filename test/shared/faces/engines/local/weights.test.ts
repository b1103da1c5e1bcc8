import { describe, expect, test } from 'vitest';
import { readWeights } from '../../../../../shared/faces/engines/local/weights.ts';

const manifest = (weights: object[]) =>
  new TextEncoder().encode(JSON.stringify([{ paths: ['w.bin'], weights }]));
const PLAIN = { name: 'bias', shape: [2], dtype: 'float32' };
const QUANTIZED = {
  name: 'filters',
  shape: [1, 3],
  dtype: 'float32',
  quantization: { dtype: 'uint8', scale: 0.5, min: -1 },
};

describe('readWeights', () => {
  test('weights are restored from eight bits, and floats may start at any byte', () => {
    const binary = Uint8Array.of(0, 2, 255, ...new Uint8Array(Float32Array.of(1.5, -2).buffer));

    const weights = readWeights(manifest([QUANTIZED, PLAIN]), binary);

    expect(weights('filters').shape).toEqual([1, 3]);
    expect([...weights('filters').data]).toEqual([-1, 0, 126.5]);
    expect([...weights('bias').data]).toEqual([1.5, -2]);
  });

  test('a file of the wrong length is rejected', () => {
    expect(() => readWeights(manifest([PLAIN]), new Uint8Array(9))).toThrow(
      expect.objectContaining({
        code: 'ModelMismatch',
        message: 'the manifest describes 8 bytes, the file has 9',
      }),
    );
  });

  test('the error of an unknown weight contains its name', () => {
    const weights = readWeights(manifest([PLAIN]), new Uint8Array(8));

    expect(() => weights('fc/weights')).toThrow(expect.objectContaining({ code: 'ModelMismatch' }));
  });
});
