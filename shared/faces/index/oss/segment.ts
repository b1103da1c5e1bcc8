import * as z from 'zod/mini';
import { AppError } from '../../../runtime/errors.ts';
import type { EmbedderId, PictureEntry, StoredFace } from '../picture-table.ts';

/** An immutable part of the index: one write, or the merge of several. */
export interface Segment {
  readonly entries: readonly PictureEntry[];
  /** Entries with an earlier stamp do not count: the index was cleared. */
  readonly clearedBefore?: string;
}

const MAGIC = 'MNSIDX1\n';
const PREFIX_BYTES = MAGIC.length + 4;

const number = z.number();
const header = z.strictObject({
  embedder: z.strictObject({ name: z.string(), size: z.int().check(z.minimum(1)) }),
  clearedBefore: z.optional(z.string()),
  pictures: z.array(
    z.strictObject({
      bucket: z.string(),
      key: z.string(),
      requestId: z.string(),
      time: number,
      stamp: z.string(),
      faces: z.array(
        z.strictObject({
          number: z.int(),
          box: z.strictObject({ x: number, y: number, width: number, height: number }),
          quality: number,
          age: z.optional(number),
          scale: number,
        }),
      ),
    }),
  ),
});

/**
 * `MNSIDX1` and a line feed, the length of the header (32 bits, little-endian), the header as JSON, then the codes of all
 * faces, 8 bits per number.
 */
export function encodeSegment({ entries, clearedBefore }: Segment, { name, size }: EmbedderId): Buffer {
  const pictures = entries.map(({ faces, ...picture }) => ({
    ...picture,
    faces: faces.map(({ codes: _, ...face }) => face),
  }));
  const json = Buffer.from(JSON.stringify({ embedder: { name, size }, clearedBefore, pictures }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const codes = entries.flatMap(({ faces }) =>
    faces.map((face) => Buffer.from(face.codes.buffer, face.codes.byteOffset, face.codes.byteLength)),
  );
  return Buffer.concat([Buffer.from(MAGIC), length, json, ...codes]);
}

/** The codes are views of `bytes`. Throws `IndexDamaged`, or `IndexMismatch` when another embedder made the segment. */
export function decodeSegment(key: string, bytes: Buffer, embedder: EmbedderId): Segment {
  if (bytes.length < PREFIX_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw damaged(key, 'does not begin with MNSIDX1');
  }
  const codesAt = PREFIX_BYTES + bytes.readUInt32LE(MAGIC.length);
  const {
    embedder: maker,
    clearedBefore,
    pictures,
  } = parseHeader(key, bytes.subarray(PREFIX_BYTES, codesAt));
  if (maker.name !== embedder.name || maker.size !== embedder.size) {
    throw new AppError(
      'IndexMismatch',
      `${key} was made by ${maker.name} (${maker.size} numbers), and the engine's embedder is ${embedder.name} ` +
        `(${embedder.size} numbers)`,
      { details: { key } },
    );
  }
  const { size } = embedder;
  const faces = pictures.reduce((sum, picture) => sum + picture.faces.length, 0);
  if (bytes.length !== codesAt + faces * size) {
    throw damaged(key, `has ${bytes.length} bytes, expected ${codesAt + faces * size}`);
  }
  let at = bytes.byteOffset + codesAt;
  const entries = pictures.map((picture) => ({
    ...picture,
    faces: picture.faces.map((face): StoredFace => {
      const codes = new Int8Array(bytes.buffer, at, size);
      at += size;
      return { ...face, codes };
    }),
  }));
  return { entries, clearedBefore };
}

function parseHeader(key: string, bytes: Buffer): z.infer<typeof header> {
  try {
    return z.parse(header, JSON.parse(bytes.toString()));
  } catch {
    // Without the cause, which would quote the header.
    throw damaged(key, 'has a header that cannot be read');
  }
}

function damaged(key: string, why: string): AppError {
  return new AppError('IndexDamaged', `${key} ${why}`, { details: { key } });
}
