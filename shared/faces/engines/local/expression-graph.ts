import { createLayers } from './layers.ts';
import type { Value } from './onnx-graph.ts';
import type { Bytes } from './protobuf.ts';
import type { Weights } from './weights.ts';

/**
 * The FaceExpressionNet of face-api as an ONNX model: four densely connected blocks, each of which halves the picture.
 * Input: [n, 3, 112, 112], RGB, 0 to 255. Output: `expression` [n, 7], probabilities.
 */
export function expressionGraph(weights: Weights): Bytes {
  const { graph, layers } = createLayers(weights);
  const { conv, separableConv, globalPool, dense, relu, add, softmax } = layers;

  /** The input of each convolution is the sum of all earlier outputs. */
  const denseBlock = (first: Value, path: string): Value => {
    const a = relu(first);
    const b = separableConv(a, `${path}/conv1`);
    const c = separableConv(relu(add(a, b)), `${path}/conv2`);
    const d = separableConv(relu(add(a, b, c)), `${path}/conv3`);
    return relu(add(a, b, c, d));
  };

  const block0 = denseBlock(conv(layers.image, 'dense0/conv0', 2), 'dense0');
  const features = [1, 2, 3].reduce(
    (x, k) => denseBlock(separableConv(x, `dense${k}/conv0`, 2), `dense${k}`),
    block0,
  );

  return graph.model(['n', 3, 112, 112], { expression: softmax(dense(globalPool(features), 'fc')) });
}
