import { FLOAT, ONNX } from './onnx-graph.ts';
import { type Bytes, readFields } from './protobuf.ts';

/** Smaller weights change an output of the embedding network by less than a millionth. */
const TINY = 1e-6;

/**
 * The model with tiny weights set to zero. Channels that died in training leave weights and products that are denormal numbers,
 * and some processors need a hundred cycles for each of those.
 */
export function withoutTinyWeights(model: Uint8Array): Bytes {
  const copy = new Uint8Array(model);
  for (const { field, content: graph } of readFields(copy)) {
    if (field !== ONNX.model.graph) continue;
    for (const { field: part, content: tensor } of readFields(graph)) {
      if (part === ONNX.graph.initializer) flush(tensor);
    }
  }
  return copy;
}

/** In place. Other tensors hold integers, some of which look like tiny numbers. */
function flush(tensor: Uint8Array): void {
  const fields = [...readFields(tensor)];
  // A varint below 128 is one byte, after its tag.
  const isFloat = fields.some(({ field, raw }) => field === ONNX.tensor.dataType && raw.at(-1) === FLOAT);
  if (!isFloat) return;
  for (const { field, content } of fields) {
    if (field !== ONNX.tensor.rawData) continue;
    // Copied, because floats must start at a multiple of four.
    const values = new Float32Array(new Uint8Array(content).buffer);
    for (let i = 0; i < values.length; i++) if (Math.abs(values[i]!) < TINY) values[i] = 0;
    content.set(new Uint8Array(values.buffer));
  }
}
