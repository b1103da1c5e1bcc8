import { afterEach, describe, expect, test } from 'vitest';
import type { FaceIndex, NearSighting } from '../../shared/faces/index/face-index.ts';
import {
  bySightingOrder,
  type PictureWrite,
  type SightedFace,
  sightingId,
} from '../../shared/faces/index/sighting.ts';
import { anEmbedding, aSightedFace, aWrite, EMBEDDER } from '../shared/faces/index/support.ts';

export interface OpenedIndex {
  /** Nothing is in it. Its embedder is `EMBEDDER`. */
  readonly index: FaceIndex;
  close(): Promise<void>;
}

/** What every `FaceIndex` promises. */
export function faceIndexContract(name: string, open: () => Promise<OpenedIndex>): void {
  describe(`${name} is a FaceIndex`, () => {
    const opened: OpenedIndex[] = [];
    const prepare = async (): Promise<FaceIndex> => {
      const one = await open();
      opened.push(one);
      return one.index;
    };
    const keysOf = (near: readonly NearSighting[] | undefined) => near?.map(({ sighting }) => sighting.key);
    const allOf = async (index: FaceIndex) => {
      const all = [];
      for await (const sighting of index.all()) all.push(sighting);
      return all;
    };
    const put = (index: FaceIndex, write: PictureWrite, ...numbers: number[]) =>
      index.put(
        write,
        numbers.map((seed, number) => aSightedFace(seed, { number })),
      );

    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });

    test(`${name} is empty at first`, async () => {
      const index = await prepare();

      expect(await index.search([anEmbedding(1)], { limit: 5 })).toEqual([[]]);
      expect(await index.count()).toBe(0);
      expect(await allOf(index)).toEqual([]);
      expect(await index.sightings(aWrite('a.jpg'))).toEqual([]);
    });

    test(`${name} returns a sighting as it was put, with a similarity of nearly 1 to itself`, async () => {
      const index = await prepare();
      const write = aWrite('目录/a b+%25.jpg', { time: 1_700_000_000_000 });
      const face: SightedFace = aSightedFace(7, { number: 3, age: 31 });

      await index.put(write, [face]);

      const [[found]] = (await index.search([face.embedding], { limit: 1 })) as [[NearSighting]];
      const { embedding: _, ...rest } = face;
      const look = expect.any(String);
      expect(found.sighting).toEqual({ id: sightingId(write, 3), ...write, look, ...rest });
      expect(found.similarity).toBeGreaterThan(0.995);
      expect(await index.sightings(write)).toEqual([found.sighting]);
    });

    test(`${name} finds the most similar sightings, best first, and no more than asked for`, async () => {
      const index = await prepare();
      const probe = anEmbedding(1);
      await index.put(aWrite('near.jpg'), [aSightedFace(1, { noise: 0.1 })]);
      await index.put(aWrite('far.jpg'), [aSightedFace(1, { noise: 0.5 })]);
      await index.put(aWrite('stranger.jpg'), [aSightedFace(2)]);

      const [three, two, one] = await Promise.all(
        [3, 2, 1].map(async (limit) => keysOf((await index.search([probe], { limit }))[0])),
      );

      expect(three).toEqual(['near.jpg', 'far.jpg', 'stranger.jpg']);
      expect(two).toEqual(['near.jpg', 'far.jpg']);
      expect(one).toEqual(['near.jpg']);
    });

    test(`${name} leaves out sightings below the demanded similarity`, async () => {
      const index = await prepare();
      await index.put(aWrite('near.jpg'), [aSightedFace(1, { noise: 0.1 })]);
      await index.put(aWrite('stranger.jpg'), [aSightedFace(2)]);

      const [near] = await index.search([anEmbedding(1)], { limit: 5, minSimilarity: 0.6 });

      expect(keysOf(near)).toEqual(['near.jpg']);
      expect(near![0]!.similarity).toBeGreaterThanOrEqual(0.6);
    });

    test(`${name} answers for each probe, in order`, async () => {
      const index = await prepare();
      await put(index, aWrite('one.jpg'), 1);
      await put(index, aWrite('two.jpg'), 2);

      const both = await index.search([anEmbedding(2), anEmbedding(1)], { limit: 1 });
      const none = await index.search([], { limit: 1 });

      expect(both.map(keysOf)).toEqual([['two.jpg'], ['one.jpg']]);
      expect(none).toEqual([]);
    });

    test(`${name} replaces the faces of an object by those of a later write`, async () => {
      const index = await prepare();
      await put(index, aWrite('a.jpg', { requestId: '1', time: 1000 }), 1, 2);

      await put(index, aWrite('a.jpg', { requestId: '2', time: 2000 }), 3);

      expect((await index.sightings(aWrite('a.jpg'))).map(({ requestId }) => requestId)).toEqual(['2']);
      expect(await index.count()).toBe(1);
      expect(await index.search([anEmbedding(1)], { limit: 5, minSimilarity: 0.6 })).toEqual([[]]);
    });

    test(`${name} ignores the faces of an earlier write that arrives late`, async () => {
      const index = await prepare();
      await put(index, aWrite('a.jpg', { requestId: '2', time: 2000 }), 3);

      await put(index, aWrite('a.jpg', { requestId: '1', time: 1000 }), 1, 2);

      expect((await index.sightings(aWrite('a.jpg'))).map(({ requestId }) => requestId)).toEqual(['2']);
    });

    test(`${name} replaces the faces of a write when it is looked at again`, async () => {
      const index = await prepare();
      const write = aWrite('a.jpg');
      await put(index, write, 1, 2);
      const [before] = await index.sightings(write);

      await put(index, write, 1);

      const [after, ...others] = await index.sightings(write);
      expect(others).toEqual([]);
      expect(after).toEqual({ ...before, look: after!.look });
      expect(after!.look).not.toBe(before!.look);
      expect(await index.count()).toBe(1);
    });

    test(`${name} removes the faces of an object`, async () => {
      const index = await prepare();
      await put(index, aWrite('a.jpg', { time: 1000 }), 1, 2);
      await put(index, aWrite('b.jpg', { time: 1000 }), 1);

      await index.remove({ ...aWrite('a.jpg'), time: 2000 });

      expect(await index.sightings(aWrite('a.jpg'))).toEqual([]);
      expect((await allOf(index)).map(({ key }) => key)).toEqual(['b.jpg']);
      expect(keysOf((await index.search([anEmbedding(1)], { limit: 5 }))[0])).toEqual(['b.jpg']);
    });

    test(`${name} keeps an object whose later write was put before its removal`, async () => {
      const index = await prepare();
      await put(index, aWrite('a.jpg', { time: 3000 }), 1);

      await index.remove({ ...aWrite('a.jpg'), time: 2000 });

      expect(await index.count()).toBe(1);
    });

    test(`${name} accepts a later write after a removal, and no earlier one`, async () => {
      const index = await prepare();
      await index.remove({ ...aWrite('a.jpg'), time: 2000 });

      await put(index, aWrite('a.jpg', { requestId: '1', time: 1000 }), 1);
      const afterEarlier = await index.count();
      await put(index, aWrite('a.jpg', { requestId: '3', time: 3000 }), 1);

      expect(afterEarlier).toBe(0);
      expect(await index.count()).toBe(1);
    });

    test(`${name} has all sightings from the oldest to the newest, with their embeddings`, async () => {
      const index = await prepare();
      await put(index, aWrite('new.jpg', { time: 3000 }), 1);
      await put(index, aWrite('old.jpg', { time: 1000 }), 2, 3);
      await put(index, aWrite('same.jpg', { time: 1000 }), 4);

      const all = await allOf(index);

      expect(all).toEqual([...all].sort(bySightingOrder));
      expect(all.map(({ key }) => key).at(-1)).toBe('new.jpg');
      expect(all).toHaveLength(4);
      for (const { embedding } of all) {
        expect(embedding).toHaveLength(EMBEDDER.size);
        expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
      }
    });

    test(`${name} accepts a picture without faces`, async () => {
      const index = await prepare();
      await put(index, aWrite('a.jpg', { requestId: '1', time: 1000 }), 1);

      await put(index, aWrite('a.jpg', { requestId: '2', time: 2000 }));

      expect(await index.count()).toBe(0);
    });

    test(`${name} refuses an embedding of another size`, async () => {
      const index = await prepare();
      const short = { ...aSightedFace(1), embedding: new Float32Array([1, 0]) };

      await expect(index.put(aWrite('a.jpg'), [short])).rejects.toMatchObject({ code: 'IndexMismatch' });
      await expect(index.search([short.embedding], { limit: 1 })).rejects.toMatchObject({
        code: 'IndexMismatch',
      });
    });

    test(`${name} is empty after it was cleared, and accepts the same write again`, async () => {
      const index = await prepare();
      await put(index, aWrite('a.jpg'), 1);

      await index.clear();
      const cleared = await index.count();
      await put(index, aWrite('a.jpg'), 1);

      expect(cleared).toBe(0);
      expect(await index.count()).toBe(1);
    });
  });
}
