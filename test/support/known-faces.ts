import { createLocalEngine } from '../../shared/faces/engines/local/engine.ts';
import type { Face } from '../../shared/faces/face.ts';
import type { DecodedPicture } from '../../shared/faces/picture.ts';
import type { UprightImage } from '../../shared/images/image.ts';
import { openPixels } from './analyze.ts';
import { decodeSample, type Sample } from './photos.ts';

export interface KnownFace {
  readonly image: UprightImage;
  readonly picture: DecodedPicture;
  readonly face: Face;
}

/**
 * Faces of the sample photos with their embeddings. `anna` and `annaAgain` are one woman (cosine 0.607); every other pair
 * is below 0.42. `berta` and `dora` are in one photo.
 */
export async function knownFaces(): Promise<
  Record<'anna' | 'annaAgain' | 'berta' | 'clara' | 'dora', KnownFace>
> {
  const engine = createLocalEngine();
  const fromLeft = async (sample: Sample): Promise<KnownFace[]> => {
    const image = await decodeSample(sample);
    const faces = await engine.analyze(image, { attributes: new Set(), embeddings: true });
    return faces
      .sort((a, b) => a.box.x - b.box.x)
      .map((face) => ({ image, picture: openPixels(image), face }));
  };
  try {
    const first = await fromLeft(1);
    const third = await fromLeft(3);
    const sixth = await fromLeft(6);
    return { anna: first[2]!, annaAgain: third[1]!, berta: sixth[0]!, dora: sixth[1]!, clara: third[0]! };
  } finally {
    await engine.close();
  }
}
