import type { Face } from '../faces/face.ts';
import type { SightedFace } from '../faces/index/sighting.ts';
import { isMatchable } from '../faces/similarity.ts';
import type { PictureFacts } from '../images/image.ts';
import { wholePixels } from './describe.ts';

/** The faces of a picture that can be told apart. Each has its index in the result document as its number. */
export function sightedFaces(picture: PictureFacts, faces: readonly Face[]): SightedFace[] {
  return faces.flatMap((face, number): SightedFace[] => {
    const { box, quality = 1, attributes, embedding } = face;
    if (!embedding || !isMatchable(face, picture)) return [];
    return [
      { number, box: wholePixels(box), quality: Number(quality.toFixed(3)), age: attributes.age, embedding },
    ];
  });
}
