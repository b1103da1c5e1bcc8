import * as z from 'zod/mini';
import { AppError } from '../../../runtime/errors.ts';

/** The network that made the embeddings. Embeddings of different networks cannot be compared. */
export interface EmbedderId {
  /** Changes with its weights, for example `fr_feature-87aacdfe`. */
  readonly name: string;
  /** Numbers per embedding. */
  readonly size: number;
}

/** One addition of a face. Adding a face twice makes two of these. */
export interface Addition {
  /** Unique in the gallery and never reused. Removals refer to it. */
  readonly instance: string;
  readonly photo: string;
  readonly person: string;
}

export interface Removal {
  readonly instance: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** An immutable part of the gallery: one write, or the merge of several. */
export interface Segment {
  readonly additions: readonly Addition[];
  /** One embedding per addition, one after another. */
  readonly vectors: Float32Array;
  readonly removals: readonly Removal[];
  /** Names of segments whose content is in this one. They are ignored, even while they still exist. */
  readonly replaces: readonly string[];
}

const MAGIC = 'MNSFACE1';
const PREFIX_BYTES = MAGIC.length + 4;

const header = z.strictObject({
  embedder: z.strictObject({ name: z.string(), size: z.int().check(z.minimum(1)) }),
  additions: z.array(z.strictObject({ instance: z.string(), photo: z.string(), person: z.string() })),
  removals: z.array(z.strictObject({ instance: z.string(), at: z.number() })),
  replaces: z.array(z.string()),
});

/**
 * `MNSFACE1`, the length of the header (32 bits), the header as JSON padded to a multiple of 4 bytes, then 32-bit
 * floats. Everything is little-endian, like all machines that Node supports, except one.
 */
export function encodeSegment({ vectors, ...rest }: Segment, { name, size }: EmbedderId): Buffer {
  const json = Buffer.from(JSON.stringify({ embedder: { name, size }, ...rest }));
  const headerBytes = Math.ceil(json.length / 4) * 4;
  const bytes = Buffer.alloc(PREFIX_BYTES + headerBytes + vectors.byteLength, ' ');
  bytes.write(MAGIC);
  bytes.writeUInt32LE(headerBytes, MAGIC.length);
  json.copy(bytes, PREFIX_BYTES);
  Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength).copy(bytes, PREFIX_BYTES + headerBytes);
  return bytes;
}

/**
 * The vectors are a view of `bytes`, not a copy. Throws `GalleryDamaged`, or `GalleryMismatch` when another embedder
 * made the segment.
 */
export function decodeSegment(name: string, bytes: ArrayBuffer, embedder: EmbedderId): Segment {
  const buffer = Buffer.from(bytes);
  if (buffer.length < PREFIX_BYTES || buffer.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw damaged(name, `does not begin with ${MAGIC}`);
  }
  const vectorsAt = PREFIX_BYTES + buffer.readUInt32LE(MAGIC.length);
  const { embedder: maker, ...rest } = parseHeader(name, buffer.subarray(PREFIX_BYTES, vectorsAt));
  if (maker.name !== embedder.name || maker.size !== embedder.size) {
    throw new AppError(
      'GalleryMismatch',
      `the gallery was made by ${describe(maker)}, and the engine's embedder is ${describe(embedder)}`,
      { details: { segment: name, gallery: maker.name, engine: embedder.name } },
    );
  }
  const expected = vectorsAt + rest.additions.length * embedder.size * 4;
  if (buffer.length !== expected || vectorsAt % 4 !== 0)
    throw damaged(name, `has ${buffer.length} bytes, expected ${expected}`);
  return { ...rest, vectors: new Float32Array(bytes, vectorsAt) };
}

function parseHeader(name: string, bytes: Buffer): z.infer<typeof header> {
  try {
    return z.parse(header, JSON.parse(bytes.toString()));
  } catch {
    // Without the cause, which would quote the header.
    throw damaged(name, 'has a header that cannot be read');
  }
}

function describe({ name, size }: EmbedderId): string {
  return `${name} (${size} numbers)`;
}

function damaged(name: string, why: string): AppError {
  return new AppError('GalleryDamaged', `segment ${name} of the gallery ${why}`, {
    details: { segment: name },
  });
}
