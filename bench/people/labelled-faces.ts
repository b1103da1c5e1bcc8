import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLocalEngine } from '../../shared/faces/engines/local/engine.ts';
import { isMatchable } from '../../shared/faces/similarity.ts';
import { DEFAULT_IMAGE_BOUNDS } from '../../shared/images/image.ts';
import { isAppError } from '../../shared/runtime/errors.ts';
import { decodeImage } from '../../test/support/decode-image.ts';

/** A face whose person is known. */
export interface LabelledFace {
  readonly path: string;
  readonly person: string;
  /** A subset of the people, for example by origin. */
  readonly group?: string;
  /** Whether the product compares the face. */
  readonly matchable: boolean;
  /** Pixels of the raster. */
  readonly width: number;
  /** 0 to 1. */
  readonly quality: number;
  /** Degrees. */
  readonly yaw: number;
  readonly pitch: number;
  /** Years. */
  readonly age?: number;
  readonly embedding: Float32Array;
}

interface Labels {
  readonly rows: readonly { readonly path: string; readonly person: string; readonly group?: string }[];
}

/**
 * The face nearest to the center of each labelled photo. A label file has `rows` of `path` and `person`; the paths are
 * relative to `folder`. Faces that were found once are kept in `cache`, by the engine and the labels.
 */
export async function labelledFaces(labels: string, folder: string, cache: string): Promise<LabelledFace[]> {
  const text = await readFile(labels, 'utf8');
  const engine = createLocalEngine();
  const name = createHash('sha256').update(`${engine.version}\n${text}`).digest('hex').slice(0, 16);
  const kept = join(cache, `${name}.json`);
  try {
    const rows = JSON.parse(await readFile(kept, 'utf8')) as (Omit<LabelledFace, 'embedding'> & {
      embedding: string;
    })[];
    return rows.map((row) => ({ ...row, embedding: fromBase64(row.embedding) }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }

  const faces: LabelledFace[] = [];
  try {
    for (const { path, person, group } of (JSON.parse(text) as Labels).rows) {
      try {
        const face = await centralFace(await readFile(join(folder, path)), engine);
        if (face) faces.push({ path, person, group, ...face });
      } catch (error) {
        // A photo that the product refuses has no face.
        if (!isAppError(error, 'InvalidImage')) throw error;
      }
    }
  } finally {
    await engine.close();
  }
  await mkdir(cache, { recursive: true });
  await writeFile(
    kept,
    JSON.stringify(faces.map((face) => ({ ...face, embedding: toBase64(face.embedding) }))),
  );
  return faces;
}

async function centralFace(
  bytes: Buffer,
  engine: ReturnType<typeof createLocalEngine>,
): Promise<Omit<LabelledFace, 'path' | 'person' | 'group'> | undefined> {
  const image = await decodeImage(bytes, DEFAULT_IMAGE_BOUNDS);
  const found = await engine.analyze(image, { attributes: new Set(['age']), embeddings: true });
  const distance = ({ box }: (typeof found)[number]) =>
    Math.hypot(box.x + box.width / 2 - image.width / 2, box.y + box.height / 2 - image.height / 2);
  const [face] = found.sort((a, b) => distance(a) - distance(b));
  if (!face?.embedding) return undefined;
  return {
    matchable: isMatchable(face, image),
    width: (face.box.width * image.raster.width) / image.width,
    quality: face.quality ?? 1,
    yaw: face.pose?.yaw ?? 0,
    pitch: face.pose?.pitch ?? 0,
    age: face.attributes.age,
    embedding: face.embedding,
  };
}

function toBase64(embedding: Float32Array): string {
  return Buffer.from(embedding.buffer, embedding.byteOffset, embedding.byteLength).toString('base64');
}

function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
