import { createGraph, type GraphBuilder, type Value } from './onnx-graph.ts';
import type { Weight, Weights } from './weights.ts';

/** The layers that both attribute networks are made of, taking weights by the names of their manifest. */
export interface Layers {
  /** The picture, normalised as both networks were trained. */
  readonly image: Value;
  /** `<path>/filters` and `<path>/bias`. */
  conv(x: Value, path: string, stride?: number): Value;
  /** `<path>/depthwise_filter`, `<path>/pointwise_filter` and `<path>/bias`. */
  separableConv(x: Value, path: string, stride?: number): Value;
  maxPool(x: Value): Value;
  /** Mean of each channel, as a row. */
  globalPool(x: Value): Value;
  /** `<path>/weights` and `<path>/bias`. */
  dense(x: Value, path: string): Value;
  relu(x: Value): Value;
  add(...terms: readonly [Value, Value, ...Value[]]): Value;
  softmax(x: Value): Value;
}

/** Mean of the training pictures; the values are then divided by 255. Source: face-api.js, `NeuralNetwork` inputs. */
const MEAN_RGB = [122.782, 117.001, 104.298];
/** TensorFlow's padding `same`: the odd pixel goes to the end. */
const SAME = { auto_pad: 'SAME_UPPER' } as const;

export function createLayers(weights: Weights): { graph: GraphBuilder; layers: Layers } {
  const graph = createGraph();
  const { node } = graph;
  const constant = ({ shape, data }: Weight) => graph.tensor(shape, data);
  const add = (first: Value, ...rest: readonly Value[]) =>
    rest.reduce((sum, term) => node('Add', [sum, term]), first);

  const convolve = (x: Value, filters: Weight, stride: number, group: number, bias?: Weight): Value => {
    const [height, width, inputs, outputs] = filterShape(filters);
    const kernel = graph.tensor([outputs, inputs, height, width], toOutputsFirst(filters));
    return node('Conv', bias ? [x, kernel, constant(bias)] : [x, kernel], {
      kernel_shape: [height, width],
      strides: [stride, stride],
      group,
      ...SAME,
    });
  };

  const mean = graph.tensor([1, 3, 1, 1], Float32Array.from(MEAN_RGB));
  const full = graph.tensor([1], Float32Array.of(255));

  const layers: Layers = {
    image: node('Div', [node('Sub', [graph.input, mean]), full]),
    conv: (x, path, stride = 1) =>
      convolve(x, weights(`${path}/filters`), stride, 1, weights(`${path}/bias`)),
    separableConv(x, path, stride = 1) {
      const { shape, data } = weights(`${path}/depthwise_filter`);
      const [height = 0, width = 0, channels = 0] = shape;
      // One filter a channel: to ONNX a convolution in as many groups, each of one input.
      const alone = convolve(x, { shape: [height, width, 1, channels], data }, stride, channels);
      return convolve(alone, weights(`${path}/pointwise_filter`), 1, 1, weights(`${path}/bias`));
    },
    maxPool: (x) => node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], ...SAME }),
    globalPool: (x) => node('Flatten', [node('GlobalAveragePool', [x])], { axis: 1 }),
    dense: (x, path) =>
      add(node('MatMul', [x, constant(weights(`${path}/weights`))]), constant(weights(`${path}/bias`))),
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

/** From height, width, inputs, outputs (TensorFlow) to outputs, inputs, height, width (ONNX). */
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
