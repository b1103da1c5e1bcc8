/** An embedding with 8 bits per number. */
export interface Codes {
  /** -127 to 127. */
  readonly codes: Int8Array;
  /** The value of one unit of the codes. */
  readonly scale: number;
}

/** The largest error of a number is half a unit: for 512 numbers of unit length, less than 0.001. */
export function encode(embedding: Float32Array): Codes {
  let largest = 0;
  for (let i = 0; i < embedding.length; i++) largest = Math.max(largest, Math.abs(embedding[i]!));
  const scale = largest / 127 || 1;
  const codes = new Int8Array(embedding.length);
  for (let i = 0; i < embedding.length; i++) codes[i] = Math.round(embedding[i]! / scale);
  // As it is stored, so that every reader computes with the same number.
  return { codes, scale: Math.fround(scale) };
}

/** Unit length. */
export function decode({ codes, scale }: Codes): Float32Array {
  const embedding = new Float32Array(codes.length);
  let sum = 0;
  for (let i = 0; i < codes.length; i++) {
    embedding[i] = codes[i]! * scale;
    sum += embedding[i]! ** 2;
  }
  const norm = Math.sqrt(sum) || 1;
  for (let i = 0; i < codes.length; i++) embedding[i]! /= norm;
  return embedding;
}
