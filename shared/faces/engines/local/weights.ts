import { AppError } from '../../../runtime/errors.ts';

/** A constant of a network. Filters have TensorFlow's order: height, width, inputs, outputs. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export type Weights = (name: string) => Weight;

/** The fields of a TensorFlow.js weights manifest that are used. */
interface ManifestEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly quantization?: { readonly dtype: string; readonly scale: number; readonly min: number };
}

/**
 * Reads a TensorFlow.js weights manifest and its binary file: float32, or 8 bits per value, restored as
 * `value × scale + min`. Throws `ModelMismatch` for an unknown name or a file of the wrong length.
 */
export function readWeights(manifest: Uint8Array, binary: Uint8Array): Weights {
  const groups = JSON.parse(new TextDecoder().decode(manifest)) as readonly { weights: ManifestEntry[] }[];
  const weights = new Map<string, Weight>();
  let offset = 0;
  for (const { name, shape, quantization } of groups.flatMap((group) => group.weights)) {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const end = offset + (quantization ? size : size * 4);
    const bytes = binary.subarray(offset, end);
    offset = end;
    weights.set(name, { shape, data: quantization ? restore(bytes, quantization) : toFloats(bytes) });
  }
  if (offset !== binary.length) {
    throw new AppError(
      'ModelMismatch',
      `the manifest describes ${offset} bytes, the file has ${binary.length}`,
    );
  }
  return (name) => {
    const weight = weights.get(name);
    if (!weight) throw new AppError('ModelMismatch', `the manifest has no weight ${name}`);
    return weight;
  };
}

function restore(bytes: Uint8Array, { scale, min }: { scale: number; min: number }): Float32Array {
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < values.length; i++) values[i] = bytes[i]! * scale + min;
  return values;
}

/** Copies, because a view of 32-bit floats must start at a multiple of 4 bytes. */
function toFloats(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}
