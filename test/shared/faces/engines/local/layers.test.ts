import { describe, expect, test } from 'vitest';
import { createLayers, type Layers } from '../../../../../shared/faces/engines/local/layers.ts';
import type { Value } from '../../../../../shared/faces/engines/local/onnx-graph.ts';
import { openNet } from '../../../../../shared/faces/engines/local/session.ts';
import type { Weight } from '../../../../../shared/faces/engines/local/weights.ts';

const MEAN = [122.782, 117.001, 104.298];

/** Runs `build` on a picture of 4 × 4 whose normalised planes are `planes`. */
async function run(
  weights: Record<string, Weight>,
  planes: readonly [number[], number[], number[]],
  build: (layers: Layers) => Value,
): Promise<number[]> {
  const { graph, layers } = createLayers((name) => weights[name]!);
  const net = await openNet(graph.model([1, 3, 4, 4], { y: build(layers) }), { threads: 1 });
  const input = planes.flatMap((plane, channel) => plane.map((value) => value * 255 + MEAN[channel]!));
  const { y } = await net.run(Float32Array.from(input), [1, 3, 4, 4]);
  await net.release();
  return [...y!].map((value) => Math.round(value * 1e4) / 1e4);
}

const weight = (shape: number[], data: number[]): Weight => ({ shape, data: Float32Array.from(data) });
const COUNT = Array.from({ length: 16 }, (_, i) => i);
const ZERO = COUNT.map(() => 0);
const ONE = COUNT.map(() => 1);

describe('layers', () => {
  test('convolutions pad like TensorFlow: with stride 2 only at the end', async () => {
    // A filter that picks the top left of its 3 × 3 from the first plane.
    const filters = weight([3, 3, 3, 1], [1, ...Array<number>(26).fill(0)]);

    const y = await run({ 'c/filters': filters, 'c/bias': weight([1], [0]) }, [COUNT, ZERO, ZERO], (layers) =>
      layers.conv(layers.image, 'c', 2),
    );

    expect(y).toEqual([0, 2, 8, 10]);
  });

  test('filters are reordered from height, width, inputs, outputs', async () => {
    // 1 × 1: the first output is 1·r + 3·g + 5·b + 0.5, the second 2·r + 4·g + 6·b - 1.
    const filters = weight([1, 1, 3, 2], [1, 2, 3, 4, 5, 6]);

    const y = await run(
      { 'c/filters': filters, 'c/bias': weight([2], [0.5, -1]) },
      [ONE, ONE.map(() => 10), ONE.map(() => 100)],
      (layers) => layers.globalPool(layers.conv(layers.image, 'c')),
    );

    expect(y).toEqual([531.5, 641]);
  });

  test('separable convolutions filter each channel alone and then mix the channels', async () => {
    const y = await run(
      {
        's/depthwise_filter': weight([1, 1, 3, 1], [1, 10, 100]),
        's/pointwise_filter': weight([1, 1, 3, 1], [1, 2, 3]),
        's/bias': weight([1], [-0.25]),
      },
      [ONE, ONE, ONE],
      (layers) => layers.globalPool(layers.separableConv(layers.image, 's')),
    );

    expect(y).toEqual([320.75]);
  });

  test('pooling, addition, relu and softmax compute their definitions', async () => {
    const dense = {
      'fc/weights': weight([3, 2], [0, 1, 0, 0, 0, 0]),
      'fc/bias': weight([2], [0, Math.log(3)]),
    };

    const pooled = await run({}, [COUNT, ZERO, ZERO], (layers) =>
      layers.relu(layers.add(layers.maxPool(layers.image), layers.maxPool(layers.image))),
    );
    const probabilities = await run(dense, [ZERO, ZERO, ZERO], (layers) =>
      layers.softmax(layers.dense(layers.globalPool(layers.image), 'fc')),
    );

    expect(pooled.slice(0, 4)).toEqual([20, 22, 28, 30]);
    expect(probabilities).toEqual([0.25, 0.75]);
  });
});
