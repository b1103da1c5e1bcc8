import { createLayers } from './layers.ts';
import type { Value } from './onnx-graph.ts';
import type { Bytes } from './protobuf.ts';
import type { Weights } from './weights.ts';

/** Width and height of the input, in pixels. Fixed, because the borders of zeros below depend on it. */
export const RECOGNITION_SIDE = 150;

/** Width and height after the stem: the 7 × 7 convolution with stride 2 makes 72 of 150, pooling makes 35 of 72. */
const STEM_SIDE = 35;

/** `blocks` counts the blocks that keep the size, after the block that halves it. */
const STAGES = [
  { path: 'conv64', channels: 64, blocks: 3 },
  { path: 'conv128', channels: 128, blocks: 2 },
  { path: 'conv256', channels: 256, blocks: 2 },
] as const;

interface Features {
  readonly value: Value;
  readonly channels: number;
  /** Width and height. */
  readonly side: number;
}

/**
 * The FaceRecognitionNet of face-api as an ONNX model: dlib's residual network of 29 convolutions.
 * Input: [1, 3, 150, 150], RGB, 0 to 255. Output: `output` [1, 128], not normalized.
 */
export function recognitionGraph(weights: Weights): Bytes {
  const { graph, layers } = createLayers(weights);
  const { scaledConv, maxPool, meanPool, globalPool, matrix, zeros, append, relu, add } = layers;

  const residual = ({ value, ...shape }: Features, path: string): Features => {
    const inner = scaledConv(relu(scaledConv(value, `${path}/conv1`)), `${path}/conv2`);
    return { ...shape, value: relu(add(inner, value)) };
  };

  /** Adds two paths that halve the size. Zeros replace the channels, the row and the column that one path lacks. */
  const halve = (x: Features, path: string, channels: number): Features => {
    const side = Math.floor(x.side / 2);
    const shrunk = scaledConv(relu(scaledConv(x.value, `${path}/conv1`, 2, 'valid')), `${path}/conv2`);
    const lacking = side - (Math.floor((x.side - 3) / 2) + 1);
    const rows = lacking === 0 ? shrunk : append(shrunk, zeros([1, channels, lacking, side - lacking]), 2);
    const inner = lacking === 0 ? rows : append(rows, zeros([1, channels, side, lacking]), 3);
    const added = channels - x.channels;
    const pooled = meanPool(x.value);
    const outer = added === 0 ? pooled : append(pooled, zeros([1, added, side, side]), 1);
    return { value: relu(add(outer, inner)), channels, side };
  };

  const stem = maxPool(relu(scaledConv(layers.image, 'conv32_down', 2, 'valid')), 'valid');
  let x: Features = { value: stem, channels: 32, side: STEM_SIDE };
  for (const block of [1, 2, 3]) x = residual(x, `conv32_${block}`);
  for (const { path, channels, blocks } of STAGES) {
    x = halve(x, `${path}_down`, channels);
    for (let block = 1; block <= blocks; block++) x = residual(x, `${path}_${block}`);
  }
  x = halve(x, 'conv256_down_out', 256);

  const side = RECOGNITION_SIDE;
  return graph.model([1, 3, side, side], { output: matrix(globalPool(x.value), 'fc') });
}
