import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { EMBEDDER_NAMES, EMBEDDERS } from '../../../shared/faces/engines/local/embedders.ts';
import type { Face } from '../../../shared/faces/face.ts';
import type { Gallery } from '../../../shared/faces/gallery/gallery.ts';
import { createOssGallery } from '../../../shared/faces/gallery/oss/gallery.ts';
import { identify } from '../../../shared/pipeline/identify.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { blankPicture } from '../../support/analyze.ts';
import { aFace } from '../../support/fake-engine.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

const picture = blankPicture(640, 480);
const keep = { keepBestScore: true };

let gallery: Gallery;

beforeEach(async () => {
  const clock = manualClock();
  gallery = createOssGallery({
    store: createMemoryStore({ clock }),
    prefix: 'gallery/',
    embedder: { name: 'test', size: 4 },
    clock,
    newId: randomUUID,
    logger: silentLogger,
  });
  await gallery.add('Anna', [{ photo: 'a', picture, face: faceAt(1, 0) }]);
  await gallery.add('Berta', [{ photo: 'b', picture, face: faceAt(0, 1) }]);
});

/** A face with these similarities to Anna and Berta. */
function faceAt(anna: number, berta: number, width = 45): Face {
  const rest = Math.sqrt(Math.max(0, 1 - anna * anna - berta * berta));
  return aFace({
    box: { x: 0, y: 0, width, height: width },
    embedding: Float32Array.from([anna, berta, rest, 0]),
  });
}

describe('identify', () => {
  test.each([
    ['a match with high confidence', 0.5, { person: 'Anna', confidence: 0.5, level: 'high' }],
    ['a match', 0.4501, { person: 'Anna', confidence: 0.45, level: 'match' }],
    ['unknown below the threshold, with the score', 0.4499, { unknown: true, bestScore: 0.45 }],
    ['unknown when unlike everybody', -0.2, { unknown: true, bestScore: 0 }],
  ])('a face is identified as %s', async (_what, similarity, expected) => {
    expect(await identify(picture, [faceAt(similarity, -0.3)], gallery, keep)).toEqual([expected]);
  });

  test('the score of an unknown face can be left out', async () => {
    expect(await identify(picture, [faceAt(0.3, 0)], gallery, { keepBestScore: false })).toEqual([
      { unknown: true },
    ]);
  });

  test('two faces never get the same person: the more similar one keeps it', async () => {
    const faces = [faceAt(0.6, 0.1), faceAt(0.9, 0.1), faceAt(0.7, 0.1)];

    expect(await identify(picture, faces, gallery, keep)).toEqual([
      { unknown: true, bestScore: 0.6 },
      { person: 'Anna', confidence: 0.9, level: 'high' },
      { unknown: true, bestScore: 0.7 },
    ]);
  });

  test('the less similar face gets its second choice if that is a match', async () => {
    const faces = [faceAt(0.7, 0.6), faceAt(0.9, 0.1)];

    expect(await identify(picture, faces, gallery, keep)).toMatchObject([
      { person: 'Berta' },
      { person: 'Anna' },
    ]);
  });

  test('faces narrower than 45 pixels of the raster are not searched for', async () => {
    const half = { ...picture, width: picture.width * 2, height: picture.height * 2 };
    const faces = [faceAt(1, 0, 89), faceAt(0, 1, 90)];

    expect(await identify(half, faces, gallery, keep)).toEqual([
      { unknown: true },
      { person: 'Berta', confidence: 1, level: 'high' },
    ]);
  });

  test('faces of very low quality are not searched for', async () => {
    const faces = [
      { ...faceAt(1, 0), quality: 0 },
      { ...faceAt(0, 1), quality: 0.01 },
    ];

    expect(await identify(picture, faces, gallery, keep)).toMatchObject([
      { unknown: true },
      { person: 'Berta' },
    ]);
  });

  describe.each(EMBEDDER_NAMES)('with the thresholds of %s', (name) => {
    const { thresholds } = EMBEDDERS[name];
    const judged = (...similarities: number[]) =>
      identify(
        picture,
        similarities.map((similarity) => faceAt(similarity, 0)),
        { ...gallery, thresholds },
        keep,
      );

    test(`the thresholds of ${name} name a person from the match on, with the level`, async () => {
      expect(await judged(thresholds.high + 0.001)).toMatchObject([{ person: 'Anna', level: 'high' }]);
      expect(await judged(thresholds.match + 0.001)).toMatchObject([{ person: 'Anna', level: 'match' }]);
      expect(await judged(thresholds.match - 0.001)).toMatchObject([{ unknown: true }]);
    });

    test(`the thresholds of ${name} give one person to one face only`, async () => {
      const { match, high } = thresholds;

      expect(await judged(match + 0.001, high + 0.001)).toMatchObject([
        { unknown: true },
        { person: 'Anna' },
      ]);
    });
  });

  test('the gallery is asked for the nearest people, within the time of the delivery', async () => {
    const { signal } = new AbortController();
    const asked: unknown[] = [];
    const watched: Gallery = {
      ...gallery,
      search(where, faces, options) {
        asked.push(options);
        return gallery.search(where, faces, options);
      },
    };

    await identify(picture, [faceAt(1, 0)], watched, { ...keep, signal, deadline: 5 });

    expect(asked).toEqual([{ people: 5, signal, deadline: 5 }]);
  });

  test('the gallery is not searched when no face is large enough', async () => {
    const closed: Gallery = { ...gallery, search: () => Promise.reject(new Error('asked')) };

    expect(await identify(picture, [faceAt(1, 0, 44)], closed, keep)).toEqual([{ unknown: true }]);
    expect(await identify(picture, [], closed, keep)).toEqual([]);
  });
});
