import type { ImageBounds } from '../images/image.ts';
import { AppError } from '../runtime/errors.ts';
import type { Comparison, FaceEngine } from './engine.ts';
import type { CallOptions } from './gallery/gallery.ts';
import { type Verification, verify } from './gallery/match.ts';
import { type Picture, withPicture } from './picture.ts';
import { isMatchable, MIN_MATCH_WIDTH, similarity } from './similarity.ts';

export interface VerifyOptions extends CallOptions {
  readonly bounds: ImageBounds;
}

/** Whether the largest faces of two files are one person (1:1). Throws `FaceNotFound`. */
export async function verifyFaces(
  engine: FaceEngine,
  files: readonly [Uint8Array, Uint8Array],
  options: VerifyOptions,
): Promise<Verification> {
  const compared = engine.compare
    ? await comparePictures(engine, engine.compare, files, options)
    : await compareEmbeddings(engine, files, options);
  return verify(compared.similarity, compared.thresholds);
}

function comparePictures(
  engine: FaceEngine,
  compare: NonNullable<FaceEngine['compare']>,
  [one, other]: readonly [Uint8Array, Uint8Array],
  options: VerifyOptions,
): Promise<Comparison> {
  return withPicture(engine.open(one, options), (first) =>
    withPicture(engine.open(other, options), (second) => compare(first, second, options)),
  );
}

/** One after the other, so that one process is enough. */
async function compareEmbeddings(
  engine: FaceEngine,
  [one, other]: readonly [Uint8Array, Uint8Array],
  options: VerifyOptions,
): Promise<Comparison> {
  const embed = (file: Uint8Array, which: string) =>
    withPicture(engine.open(file, options), (picture) => largestFace(picture, which, options));
  const a = await embed(one, 'first');
  const b = await embed(other, 'second');
  // An engine that makes embeddings has thresholds for them.
  return { similarity: similarity(a, b), thresholds: engine.embedder!.thresholds };
}

async function largestFace(picture: Picture, which: string, options: CallOptions): Promise<Float32Array> {
  const [face] = await picture.faces({ attributes: new Set(), embeddings: true, ...options });
  if (!face?.embedding) throw new AppError('FaceNotFound', `the ${which} picture shows no face`);
  if (isMatchable(face, picture)) return face.embedding;
  const width = Math.round((face.box.width * picture.raster.width) / picture.width);
  throw new AppError(
    'FaceNotFound',
    width < MIN_MATCH_WIDTH
      ? `the largest face of the ${which} picture is ${width} pixels wide, expected ${MIN_MATCH_WIDTH} or more`
      : `the largest face of the ${which} picture is turned away or unclear`,
  );
}
