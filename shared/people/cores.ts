import { decode, encode } from '../faces/index/vectors/codes.ts';
import { createVectorTable } from '../faces/index/vectors/table.ts';

/** Faces that are alike, as their mean. */
export interface Core<Owner> {
  owner: Owner;
  readonly row: number;
  /** Number of faces. */
  count: number;
  /** Sum of the embeddings. Absent for a single face, whose embedding is in the table. */
  sum?: Float32Array;
}

export interface NearCore<Owner> {
  readonly core: Core<Owner>;
  /** Cosine to the mean. */
  readonly similarity: number;
}

/** Length of the mean of the faces before it is brought to unit length: 1 for one face, less for faces that differ. */
export function spreadOf({ sum, count }: Core<unknown>): number {
  return sum ? Math.sqrt(dot(sum, sum)) / count : 1;
}

export interface Cores<Owner> {
  create(owner: Owner, embedding: Float32Array): Core<Owner>;
  extend(core: Core<Owner>, embedding: Float32Array): void;
  /** Cosine of the face to the mean. */
  similarity(core: Core<Owner>, embedding: Float32Array): number;
  /** Adds the faces of `from` to `into`; `from` exists no longer. */
  unite(into: Core<Owner>, from: Core<Owner>): void;
  /** Unit length. */
  mean(core: Core<Owner>): Float32Array;
  /** The most similar first. */
  near(embedding: Float32Array, options: { limit: number; minSimilarity: number }): NearCore<Owner>[];
}

export function createCores<Owner>(size: number): Cores<Owner> {
  const table = createVectorTable(size);
  const byRow: (Core<Owner> | undefined)[] = [];

  const mean = (core: Core<Owner>): Float32Array => decode(table.read(core.row));

  const add = (core: Core<Owner>, sum: Float32Array, count: number): void => {
    core.sum ??= mean(core);
    for (let i = 0; i < size; i++) core.sum[i]! += sum[i]!;
    core.count += count;
    table.replace(core.row, encode(unit(core.sum)));
  };

  return {
    create(owner, embedding) {
      const core = { owner, row: table.add(encode(embedding)), count: 1 };
      byRow[core.row] = core;
      return core;
    },

    extend: (core, embedding) => add(core, embedding, 1),

    similarity: (core, embedding) => Math.min(1, dot(mean(core), embedding)),

    unite(into, from) {
      add(into, from.sum ?? mean(from), from.count);
      table.remove(from.row);
      byRow[from.row] = undefined;
    },

    mean,

    near: (embedding, options) =>
      table.searchNow(embedding, options).map(({ row, similarity }) => ({ core: byRow[row]!, similarity })),
  };
}

function unit(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(dot(vector, vector)) || 1;
  return vector.map((value) => value / norm);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
