import { createGraph, type GraphBuilder, type Value } from './onnx-graph.ts';
import type { Weight, Weights } from './weights.ts';

/** The layers of face-api's networks. Each finds its weights by their names in the manifest. */
export interface Layers {
  /** The input picture, normalized as in the training of these networks. */
  readonly image: Value;
  /** Weights: `<path>/filters` and `<path>/bias`. */
  conv(x: Value, path: string, stride?: number): Value;
  /** Weights: `<path>/depthwise_filter`, `<path>/pointwise_filter` and `<path>/bias`. */
  separableConv(x: Value, path: string, stride?: number): Value;
  /** Weights: `<path>/conv/filters` and `bias`; then each channel times `<path>/scale/weights` plus `biases`. */
  scaledConv(x: Value, path: string, stride?: number, padding?: Padding): Value;
  maxPool(x: Value, padding?: Padding): Value;
  /** Mean of squares of 2 × 2. */
  meanPool(x: Value): Value;
  /** Mean per channel, as a row. */
  globalPool(x: Value): Value;
  /** Product with the weight at `path`. */
  matrix(x: Value, path: string): Value;
  zeros(dims: readonly number[]): Value;
  append(x: Value, more: Value, axis: number): Value;
  /** Weights: `<path>/weights` and `<path>/bias`. */
  dense(x: Value, path: string): Value;
  relu(x: Value): Value;
  add(...terms: readonly [Value, Value, ...Value[]]): Value;
  softmax(x: Value): Value;
}

/** TensorFlow's names: no padding, or enough to keep the size. */
type Padding = 'valid' | 'same';

/** Mean of the training pictures. Values are then divided by 255. Source: face-api.js, `NeuralNetwork` inputs. */
const MEAN_RGB = [122.782, 117.001, 104.298];
/** TensorFlow puts the extra pixel of an odd padding at the end. */
const PADDINGS = { same: { auto_pad: 'SAME_UPPER' }, valid: {} } as const;

interface Convolution {
  readonly stride?: number;
  readonly group?: number;
  readonly padding?: Padding;
  readonly bias?: Weight;
}

export function createLayers(weights: Weights): { graph: GraphBuilder; layers: Layers } {
  const graph = createGraph();
  const { node } = graph;
  const constant = ({ shape, data }: Weight) => graph.tensor(shape, data);
  const add = (first: Value, ...rest: readonly Value[]) =>
    rest.reduce((sum, term) => node('Add', [sum, term]), first);

  const convolve = (
    x: Value,
    filters: Weight,
    { stride = 1, group = 1, padding = 'same', bias }: Convolution,
  ): Value => {
    const [height, width, inputs, outputs] = filterShape(filters);
    const kernel = graph.tensor([outputs, inputs, height, width], toOutputsFirst(filters));
    return node('Conv', bias ? [x, kernel, constant(bias)] : [x, kernel], {
      kernel_shape: [height, width],
      strides: [stride, stride],
      group,
      ...PADDINGS[padding],
    });
  };

  const matrix = (x: Value, path: string) => node('MatMul', [x, constant(weights(path))]);

  const mean = graph.tensor([1, 3, 1, 1], Float32Array.from(MEAN_RGB));
  const full = graph.tensor([1], Float32Array.of(255));

  const layers: Layers = {
    image: node('Div', [node('Sub', [graph.input, mean]), full]),
    conv: (x, path, stride = 1) =>
      convolve(x, weights(`${path}/filters`), { stride, bias: weights(`${path}/bias`) }),
    separableConv(x, path, stride = 1) {
      const { shape, data } = weights(`${path}/depthwise_filter`);
      const [height = 0, width = 0, channels = 0] = shape;
      // One filter per channel. In ONNX this is a convolution with one group per channel.
      const alone = convolve(x, { shape: [height, width, 1, channels], data }, { stride, group: channels });
      return convolve(alone, weights(`${path}/pointwise_filter`), { bias: weights(`${path}/bias`) });
    },
    scaledConv(x, path, stride = 1, padding = 'same') {
      const scale = weights(`${path}/scale/weights`).data;
      const shift = weights(`${path}/scale/biases`).data;
      const { shape, data } = weights(`${path}/conv/filters`);
      const bias = weights(`${path}/conv/bias`);
      // Outputs are the last dimension.
      const scaled = { shape, data: data.map((value, i) => value * scale[i % scale.length]!) };
      const shifted = { shape: bias.shape, data: bias.data.map((value, i) => value * scale[i]! + shift[i]!) };
      return convolve(x, scaled, { stride, padding, bias: shifted });
    },
    maxPool: (x, padding = 'same') =>
      node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], ...PADDINGS[padding] }),
    meanPool: (x) => node('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2] }),
    globalPool: (x) => node('Flatten', [node('GlobalAveragePool', [x])], { axis: 1 }),
    matrix,
    zeros: (dims) => graph.tensor(dims, new Float32Array(dims.reduce((product, dim) => product * dim, 1))),
    append: (x, more, axis) => node('Concat', [x, more], { axis }),
    dense: (x, path) => add(matrix(x, `${path}/weights`), constant(weights(`${path}/bias`))),
    relu: (x) => node('Relu', [x]),
    add,
    softmax: (x) => node('Softmax', [x], { axis: 1 }),
  };
  return { graph, layers };
}

function filterShape({ shape }: Weight): [number, number, number, number] {
  const [height = 0, width = 0, inputs = 0, outputs = 0] = shape;
  return [height, width, inputs, outputs];
}

/** Reorders from height, width, inputs, outputs (TensorFlow) to outputs, inputs, height, width (ONNX). */
function toOutputsFirst(filters: Weight): Float32Array {
  const [height, width, inputs, outputs] = filterShape(filters);
  const area = height * width;
  const reordered = new Float32Array(filters.data.length);
  let from = 0;
  for (let position = 0; position < area; position++) {
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++) {
        reordered[(output * inputs + input) * area + position] = filters.data[from++]!;
      }
    }
  }
  return reordered;
}
