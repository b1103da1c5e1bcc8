import { createLayers } from './layers.ts';
import type { Value } from './onnx-graph.ts';
import type { Bytes } from './protobuf.ts';
import type { Weights } from './weights.ts';

/**
 * The AgeGenderNet of face-api as an ONNX model: a small Xception network with two heads.
 * Input: [n, 3, 112, 112], RGB, 0 to 255. Outputs: `age` [n, 1], years; `gender` [n, 2], probabilities of male and
 * female.
 */
export function ageGenderGraph(weights: Weights): Bytes {
  const { graph, layers } = createLayers(weights);
  const { conv, separableConv, maxPool, globalPool, dense, relu, add, softmax } = layers;

  const reduce = (x: Value, activated: Value, path: string): Value => {
    const inner = separableConv(
      relu(separableConv(activated, `${path}/separable_conv0`)),
      `${path}/separable_conv1`,
    );
    return add(maxPool(inner), conv(x, `${path}/expansion_conv`, 2));
  };
  const residual = (x: Value, path: string): Value => {
    const inner = [0, 1, 2].reduce((y, k) => separableConv(relu(y), `${path}/separable_conv${k}`), x);
    return add(x, inner);
  };

  const stem = relu(conv(layers.image, 'entry_flow/conv_in', 2));
  const entry0 = reduce(stem, stem, 'entry_flow/reduction_block_0');
  const entry1 = reduce(entry0, relu(entry0), 'entry_flow/reduction_block_1');
  const middle0 = residual(entry1, 'middle_flow/main_block_0');
  const middle1 = residual(middle0, 'middle_flow/main_block_1');
  const exit = reduce(middle1, relu(middle1), 'exit_flow/reduction_block');
  const features = globalPool(relu(separableConv(exit, 'exit_flow/separable_conv')));

  return graph.model(['n', 3, 112, 112], {
    age: dense(features, 'fc/age'),
    gender: softmax(dense(features, 'fc/gender')),
  });
}
