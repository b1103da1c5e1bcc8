import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { decode, encode } from '../../../../shared/faces/index/vectors/codes.ts';
import { createSharedMemory } from '../../../../shared/faces/index/vectors/layout.ts';
import { createVectorTable, type VectorTable } from '../../../../shared/faces/index/vectors/table.ts';
import { createSearchThread } from '../../../../shared/faces/index/vectors/thread.ts';
import { similarity } from '../../../../shared/faces/similarity.ts';
import { seededRandom } from '../../../../shared/runtime/random.ts';
import { anEmbedding, unit } from './support.ts';

const opened: VectorTable[] = [];
const open = (...args: Parameters<typeof createVectorTable>): VectorTable => {
  const table = createVectorTable(...args);
  opened.push(table);
  return table;
};

afterEach(async () => {
  for (const table of opened.splice(0)) await table.close();
});

/** A vector whose cosine to `center` is `cosine`. */
function near(center: Float32Array, cosine: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  const noise = Float32Array.from(center, () => random() - 0.5);
  const along = similarity(noise, center);
  const across = unit(noise.map((value, i) => value - along * center[i]!));
  const sine = Math.sqrt(1 - cosine * cosine);
  return unit(center.map((value, i) => cosine * value + sine * across[i]!));
}

test.each([1, 3, 16, 128, 200, 256, 512, 2048])(
  'a search among embeddings of %i numbers gives the cosines of an exact comparison',
  async (size) => {
    const table = open(size);
    const vectors = Array.from({ length: 60 }, (_, seed) => anEmbedding(seed + 1, 0, size));
    for (const vector of vectors) table.add(encode(vector));
    const probe = anEmbedding(1000, 0, size);

    const [hits] = await table.search([probe], { limit: 60, minSimilarity: -1 });

    expect(hits).toHaveLength(60);
    for (const hit of hits!) expect(hit.similarity).toBeCloseTo(similarity(probe, vectors[hit.row]!), 2);
  },
);

test('8 bits per number change a cosine by at most 0.005', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }), (a, b) => {
      const [one, other] = [anEmbedding(a), anEmbedding(b)];

      const change = similarity(decode(encode(one)), decode(encode(other))) - similarity(one, other);

      expect(Math.abs(change)).toBeLessThan(0.005);
    }),
  );
});

test('a search above a similarity finds what an exact comparison finds, across blocks', async () => {
  const table = open(512);
  const center = anEmbedding(1);
  const expected: number[] = [];
  for (let i = 0; i < 9000; i++) {
    const cosine = i % 30 === 0 ? 0.5 + (i % 450) / 1000 : 0.1;
    const row = table.add(encode(near(center, cosine, i + 1)));
    if (cosine >= 0.5) expected.push(row);
  }

  const [hits] = await table.search([center], { limit: 1000, minSimilarity: 0.49 });

  const found = new Set(hits!.map(({ row }) => row));
  const missed = expected.filter((row) => !found.has(row));
  // 2 in 10,000 of those that are just similar enough may be missed.
  expect(missed.length).toBeLessThanOrEqual(1);
  expect(found.size).toBe(expected.length - missed.length);
});

test('hits are sorted by similarity, and equal ones by row', async () => {
  const table = open(16);
  const vector = encode(anEmbedding(1, 0, 16));
  for (let i = 0; i < 5; i++) table.add(vector);
  table.add(encode(anEmbedding(2, 0, 16)));

  const [all] = await table.search([decode(vector)], { limit: 6, minSimilarity: -1 });
  const [three] = await table.search([decode(vector)], { limit: 3, minSimilarity: -1 });

  expect(all!.map(({ row }) => row)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(three!.map(({ row }) => row)).toEqual([0, 1, 2]);
});

test('a removed row is found no more, its numbers are gone, and the next vector takes it', async () => {
  const table = open(512);
  const row = table.add(encode(anEmbedding(1)));

  table.remove(row);

  expect(await table.search([anEmbedding(1)], { limit: 5, minSimilarity: -1 })).toEqual([[]]);
  expect(table.read(row).codes.every((code) => code === 0)).toBe(true);
  expect(table.add(encode(anEmbedding(2)))).toBe(row);
});

test('a thread finds what this thread finds, also in memory that has grown since it started', async () => {
  const table = open(512, { threadRows: 1 });
  const first = table.add(encode(anEmbedding(1)));
  await table.search([anEmbedding(1)], { limit: 1, minSimilarity: 0.5 });
  for (let i = 0; i < 9000; i++) table.add(encode(anEmbedding(i + 10)));
  const last = table.add(encode(anEmbedding(2)));

  const found = await table.search([anEmbedding(1), anEmbedding(2)], { limit: 1, minSimilarity: 0.5 });

  expect(found.map(([hit]) => hit?.row)).toEqual([first, last]);
  expect(found[0]).toEqual(table.searchNow(anEmbedding(1), { limit: 1, minSimilarity: 0.5 }));
});

test('searches of a thread that ends are SearchCrashed', async () => {
  const missing = new URL('./no-such-worker.js', import.meta.url);
  const thread = createSearchThread(createSharedMemory(), 512, missing);

  const search = thread.search([{ probe: anEmbedding(1), rows: 0, limit: 1, minSimilarity: 0 }]);

  await expect(search).rejects.toMatchObject({ code: 'SearchCrashed', kind: 'transient' });
});

test('embeddings of more than 2,048 numbers are refused', () => {
  expect(() => createVectorTable(2049)).toThrow(/2049 numbers, expected at most 2048/);
});
