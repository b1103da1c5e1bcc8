import type { UprightImage } from '../images/image.ts';
import { AppError } from '../runtime/errors.ts';
import type { Comparison, FaceEngine } from './engine.ts';
import type { CallOptions } from './gallery/gallery.ts';
import { type Verification, verify } from './gallery/match.ts';
import { isMatchable, MIN_MATCH_WIDTH, similarity } from './similarity.ts';

/** Whether the largest faces of two pictures are one person (1:1). Throws `FaceNotFound`. */
export async function verifyFaces(
  engine: FaceEngine,
  [one, other]: readonly [UprightImage, UprightImage],
  options: CallOptions = {},
): Promise<Verification> {
  const compared = engine.compare
    ? await engine.compare(one, other, options)
    : await compareEmbeddings(engine, one, other, options);
  return verify(compared.similarity, compared.thresholds);
}

async function compareEmbeddings(
  engine: FaceEngine,
  one: UprightImage,
  other: UprightImage,
  options: CallOptions,
): Promise<Comparison> {
  const a = await largestFace(engine, one, 'first', options);
  const b = await largestFace(engine, other, 'second', options);
  return {
    similarity: similarity(a, b),
    // An engine that makes embeddings has thresholds for them.
    thresholds: engine.embedder!.thresholds,
  };
}

async function largestFace(
  engine: FaceEngine,
  image: UprightImage,
  which: string,
  options: CallOptions,
): Promise<Float32Array> {
  const [face] = await engine.analyze(image, { attributes: new Set(), embeddings: true, ...options });
  if (!face?.embedding) throw new AppError('FaceNotFound', `the ${which} picture shows no face`);
  if (isMatchable(face, image)) return face.embedding;
  const width = Math.round((face.box.width * image.raster.width) / image.width);
  throw new AppError(
    'FaceNotFound',
    width < MIN_MATCH_WIDTH
      ? `the largest face of the ${which} picture is ${width} pixels wide, expected ${MIN_MATCH_WIDTH} or more`
      : `the largest face of the ${which} picture is turned away or unclear`,
  );
}
